import { spawn } from 'node:child_process';
import type { AuditResult } from '../../cli/audit/run_audit.ts';
import { mountsBelow } from '../../cli/demo/leaks.ts';
import { isLive, isOpen, ledgerSize, readLedger, type Task, type Volume } from './tasks.ts';
import { until } from './until.ts';
import { add, fsck, verifyImage, verifyLive } from './verify.ts';
import type { World } from './world.ts';

const WRITES_MS = 10_000;

/** What may end a prepare while its driver, its host or its disk is down. */
const EXCUSED = new Set([
  'timeout',
  'driver-unreachable',
  'driver-failed',
  'storage',
  'destroyed',
  'host-down',
  'not-recovered',
]);
/** The agent died between its checkpoint and the start of the task. */
const AGENT_DIED = /^the agent (ended|went away) before the task was started/;

/** The look that does not depend on time: audit, data, file systems, how tasks ended. Returns what is wrong. */
export async function checkAll(world: World): Promise<string[]> {
  const problems = [
    ...judgeEnds(world),
    ...(await stillWriting(world)),
    ...(await audit(world)),
    ...(await readBack(world)),
  ];
  const { accidents } = world.agent;
  world.figures.losses.accidents += accidents.length;
  problems.push(...accidents.splice(0));
  return problems;
}

/** How tasks ended since the last look, held against what was asked of them and what they wrote themselves. */
function judgeEnds({ tasks, figures }: World): string[] {
  const problems: string[] = [];
  for (const [app, task] of tasks) {
    if (isOpen(task)) continue;
    tasks.delete(app);
    if (task.state === 'never') continue;
    figures.tasks[
      task.end?.state === 'finished' ? 'finished' : task.end?.state === 'killed' ? 'killed' : 'failed'
    ] += 1;
    const why = whyWrong(task);
    if (why === undefined) {
      if (task.end?.state === 'failed') countRefusal(figures, task);
      continue;
    }
    if (task.limited) figures.losses.unmountedUnderTask += 1;
    else figures.losses.tasksFailed += 1;
    problems.push(`${task.name} on ${task.volume.driver}/${task.volume.name} ${why}`);
  }
  return problems;
}

function countRefusal({ refused }: World['figures'], { end }: Task): void {
  const code = end?.code || 'agent-died';
  refused[code] = (refused[code] ?? 0) + 1;
}

function whyWrong(task: Task): string | undefined {
  const { end, killAsked, limited } = task;
  const { error, ended, pid } = readLedger(task);
  if (limited) return 'was told that it lost its volume';
  if (error !== undefined) return `could not write: ${error}`;
  if (end?.state === 'finished') return ended ? undefined : 'is called finished and did not come to its end';
  if (end?.state === 'killed') return killAsked ? undefined : 'was killed without being asked to';
  if (pid === undefined && (EXCUSED.has(end?.code ?? '') || AGENT_DIED.test(end?.message ?? '')))
    return undefined;
  return `failed: ${end?.code ?? ''} ${end?.message ?? `exit code ${end?.exitCode}`}`;
}

/** Each task that lives goes on writing and syncing. */
async function stillWriting(world: World): Promise<string[]> {
  const before = new Map(world.live().map((task) => [task, ledgerSize(task)]));
  const standing = () =>
    [...before].filter(([task, size]) => isLive(task) && ledgerSize(task) <= size && !readLedger(task).ended);
  await until('all tasks write', WRITES_MS, () => standing().length === 0).catch(() => undefined);
  const stuck = standing();
  world.figures.losses.unmountedUnderTask += stuck.length;
  return stuck.map(([task]) => `${task.name} lives and has written nothing for ${WRITES_MS / 1000} s`);
}

/** `moorage audit`, as an operator runs it. */
export async function audit({ place, figures }: World): Promise<string[]> {
  figures.audits += 1;
  const { stdout, stderr } = await run(process.execPath, [
    'build/moorage.mjs',
    'audit',
    '--json',
    '--state',
    place.state,
  ]);
  let result: AuditResult;
  try {
    result = JSON.parse(stdout);
  } catch {
    figures.losses.auditFindings += 1;
    return [`moorage audit: ${stderr.trim()}`];
  }
  figures.losses.auditFindings += result.findings.length;
  return result.findings.map(({ kind, what, because }) => `moorage audit: ${kind}: ${what} (${because})`);
}

function run(file: string, args: string[]): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (piece) => {
      stdout += piece;
    });
    child.stderr.on('data', (piece) => {
      stderr += piece;
    });
    child.once('error', reject);
    child.once('close', () => resolve({ stdout, stderr }));
  });
}

/** Of volumes that are in use what was synced since the last look; of the others everything, and their file systems. */
async function readBack(world: World): Promise<string[]> {
  const { figures, place, volumes } = world;
  const verified = await Promise.all(world.live().map(verifyLive));
  const problems: string[] = [];
  for (const volume of volumes.filter((one) => one.used && isFree(world, one))) {
    verified.push(verifyImage(place, volume));
    figures.fsckRuns += 1;
    const error = fsck(place, volume);
    if (error !== undefined) {
      figures.losses.fsckErrors += 1;
      problems.push(error);
    }
    volume.used = false;
  }
  const sum = add(verified);
  figures.bytesVerified += sum.bytes;
  figures.losses.bytesLost += sum.lostBytes;
  return [...problems, ...sum.problems];
}

function isFree({ tasks, place }: World, volume: Volume): boolean {
  const isUsed = [...tasks.values()].some((task) => task.volume === volume && isOpen(task));
  return (
    !isUsed &&
    !mountsBelow(place.directory).some((target) => target.endsWith(`/${volume.driver}/mounts/${volume.name}`))
  );
}
