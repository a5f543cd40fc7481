import { setTimeout as sleep } from 'node:timers/promises';
import { DOCKER_PLACES, type PluginPlaces } from '../../host/effects/plugin_places.ts';
import type { Config } from '../../host/frames/types.ts';
import { UsageError } from '../usage_error.ts';
import { askDrivers, type DriverView } from './drivers.ts';
import { byRank, type Explained, type Finding, isLoss, keyOfFinding } from './findings.ts';
import { readRecord } from './journal.ts';
import { judgeMounts, type Views } from './judge.ts';
import { type KernelView, lookAtKernel } from './kernel.ts';
import { findMissing } from './missing.ts';
import { fillFromOwnTables } from './own_tables.ts';
import { findPins } from './pinned.ts';
import type { AuditRecord } from './record.ts';

export interface AuditOptions {
  stateDir: string;
  /** Read instead of the configuration of the journal. */
  config: Config | undefined;
  /** Where drivers without an address are looked for; Docker's places when it is absent. */
  plugins?: PluginPlaces;
}

export interface AuditResult {
  /** No leak, and nothing is missing. */
  clean: boolean;
  root: string;
  agent: { running: boolean; pid: number | undefined };
  journal: { directory: string; events: number; from: number };
  drivers: Omit<DriverView, 'volumes'>[];
  explained: Explained[];
  findings: Finding[];
}

/** A mount may come and go between two glances: what is only seen once is none. */
const LOOKS = 3;
const BETWEEN_MS = 150;

/** Holds journal, kernel, drivers and namespaces against each other. Writes nothing and locks nothing. */
export async function runAudit(options: AuditOptions): Promise<AuditResult> {
  let result = await look(options);
  for (let looks = 1; looks < LOOKS && result.findings.some(isLoss); looks += 1) {
    await sleep(BETWEEN_MS);
    const again = await look(options);
    result = {
      ...again,
      findings: again.findings.filter((found) => !isLoss(found) || isIn(result.findings, found)),
    };
  }
  return { ...result, clean: !result.findings.some(isLoss) };
}

/** The kernel between two readings of the journal: what one of them explains, is explained. */
async function look({ stateDir, config, plugins = DOCKER_PLACES }: AuditOptions): Promise<AuditResult> {
  const before = readRecord(stateDir);
  const used = config ?? before.config;
  if (!used)
    throw new UsageError(`${stateDir}: its journal has no configuration yet; name the agent's with --config`);
  const drivers = await askDrivers(used, plugins);
  const kernel = lookAtKernel(stateDir);
  const after = readRecord(stateDir);
  const [first, second] = [before, after].map((record) => judge(record, kernel, drivers, used));
  const { explained, findings } = second as Judgement;
  return {
    clean: false,
    root: used.root,
    agent: { running: kernel.agent !== undefined, pid: kernel.agent },
    journal: { directory: `${stateDir}/journal`, events: after.events, from: after.from },
    drivers: drivers.map(({ name, answered, why }) => ({ name, answered, why })),
    explained,
    findings: findings.filter((found) => isIn((first as Judgement).findings, found)).sort(byRank),
  };
}

interface Judgement {
  explained: Explained[];
  findings: Finding[];
}

function judge(
  record: AuditRecord,
  kernel: KernelView,
  drivers: readonly DriverView[],
  config: Config,
): Judgement {
  record.config ??= config;
  fillFromOwnTables(record, kernel);
  const moment = { now: Date.now(), running: kernel.agent !== undefined };
  const views: Views = { record, kernel, drivers, root: config.root, moment };
  const { explained, findings } = judgeMounts(views);
  return { explained, findings: [...findings, ...findMissing(views), ...findPins(views)] };
}

function isIn(findings: readonly Finding[], found: Finding): boolean {
  const key = keyOfFinding(found);
  return findings.some((other) => keyOfFinding(other) === key);
}
