/** What a run has done and found; `--json` prints it. */
export interface Figures {
  seed: number;
  rounds: number;
  kills: { total: number; agent: number; driver: number; both: number };
  /** What was under way when a kill came. */
  phases: Record<string, number>;
  otherFaults: { driverStopped: number; hostKilled: number; diskFull: number };
  tasks: {
    launched: number;
    ran: number;
    finished: number;
    killed: number;
    failed: number;
    neverBegun: number;
  };
  /** Why tasks failed that never ran, by code: their driver, host or disk was down. */
  refused: Record<string, number>;
  volumes: { made: number; mounted: number };
  journal: { segments: number };
  bytesSynced: number;
  bytesVerified: number;
  fsckRuns: number;
  audits: number;
  recoverMs: { median: number; max: number };
  settleMs: { median: number; max: number };
  seconds: number;
  losses: Losses;
}

/** One column each; all zero when nothing is lost. */
export interface Losses {
  leakedMounts: number;
  leakedLoops: number;
  unmountedUnderTask: number;
  bytesLost: number;
  fsckErrors: number;
  callsUnanswered: number;
  auditFindings: number;
  tasksFailed: number;
  accidents: number;
}

export function noLosses(): Losses {
  return {
    leakedMounts: 0,
    leakedLoops: 0,
    unmountedUnderTask: 0,
    bytesLost: 0,
    fsckErrors: 0,
    callsUnanswered: 0,
    auditFindings: 0,
    tasksFailed: 0,
    accidents: 0,
  };
}

export function newFigures(seed: number): Figures {
  return {
    seed,
    rounds: 0,
    kills: { total: 0, agent: 0, driver: 0, both: 0 },
    phases: {},
    otherFaults: { driverStopped: 0, hostKilled: 0, diskFull: 0 },
    tasks: { launched: 0, ran: 0, finished: 0, killed: 0, failed: 0, neverBegun: 0 },
    refused: {},
    volumes: { made: 0, mounted: 0 },
    journal: { segments: 0 },
    bytesSynced: 0,
    bytesVerified: 0,
    fsckRuns: 0,
    audits: 0,
    recoverMs: { median: 0, max: 0 },
    settleMs: { median: 0, max: 0 },
    seconds: 0,
    losses: noLosses(),
  };
}

export function lost(losses: Losses): boolean {
  return Object.values(losses).some((count) => count > 0);
}

export function spread(samples: readonly number[]): { median: number; max: number } {
  if (samples.length === 0) return { median: 0, max: 0 };
  const sorted = [...samples].sort((one, other) => one - other);
  return {
    median: Math.round(sorted[Math.floor(sorted.length / 2)] as number),
    max: Math.round(sorted.at(-1) as number),
  };
}

export function figuresText(figures: Figures): string {
  const { kills, phases, otherFaults: other, tasks, losses, recoverMs, settleMs } = figures;
  const list = (record: object) =>
    Object.entries(record)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  return [
    `kills      ${kills.total} in ${figures.rounds} rounds and ${Math.round(figures.seconds)} s (seed ${figures.seed}): ${kills.agent} of the agent, ${kills.driver} of a driver, ${kills.both} of both`,
    `phases     ${list(phases)}`,
    `besides    ${other.driverStopped} drivers stopped for a while, ${other.hostKilled} hosts killed alone, ${other.diskFull} disks full`,
    `tasks      ${list(tasks)}`,
    `refused    ${list(figures.refused)}`,
    `volumes    ${list(figures.volumes)}; ${figures.journal.segments} segments of the journal`,
    `data       ${figures.bytesSynced} bytes synced, ${figures.bytesVerified} read back; ${figures.fsckRuns} file systems checked, ${figures.audits} audits`,
    `recovery   median ${recoverMs.median} ms, longest ${recoverMs.max} ms; settled after ${settleMs.median} ms, longest ${settleMs.max} ms`,
    `losses     ${list(losses)}`,
    '',
  ].join('\n');
}
