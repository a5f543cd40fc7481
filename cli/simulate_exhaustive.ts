import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Progress } from '../simulator/exhaustive/search.ts';
import { policiesOf, type Report, searchWorld } from '../simulator/exhaustive/search_worlds.ts';
import { SMALL_WORLDS, type SmallWorld } from '../simulator/exhaustive/small_worlds.ts';
import { RULES, type Rule } from '../simulator/violation.ts';
import { buildFile } from './build_files.ts';
import { CheckError, UsageError } from './usage_error.ts';

export interface ExhaustiveOptions {
  world?: string[];
  containers: number;
  volumes: number;
  faults: number;
  depth: number;
  states: number;
  seconds: number;
  policy: string;
  trace?: string;
  json?: boolean;
}

const WORDS_MS = 5000;

/** `moorage simulate --exhaustive`: all that may happen in small worlds, one after the other. */
export function simulateExhaustive(module: Uint8Array, options: ExhaustiveOptions): void {
  const worlds = chooseWorlds(options.world);
  const { containers, volumes, faults, depth, states, seconds, policy, json } = options;
  const renew = () => policiesOf(module, policy);
  const reports: { report: Report; trace: string | undefined }[] = [];
  for (const world of worlds) {
    const size = { containers, volumes, faults };
    const report = searchWorld(renew, world, size, { depth, states, seconds }, teller(world.name));
    const trace = report.broken && writeTrace(report, options);
    reports.push({ report, trace });
    if (!json) process.stdout.write(line(report) + (trace ? describe(report, trace, options) : ''));
  }
  if (json) process.stdout.write(`${JSON.stringify({ worlds: reports.map(asData) })}\n`);
  const broken = reports.filter(({ report }) => report.broken).map(({ report }) => report.world.name);
  if (broken.length > 0) throw new CheckError(`a rule was broken in: ${broken.join(', ')}`);
}

function chooseWorlds(names: readonly string[] | undefined): readonly SmallWorld[] {
  if (!names) return SMALL_WORLDS;
  return names.map((name) => {
    const world = SMALL_WORLDS.find((other) => other.name === name);
    if (world) return world;
    const known = SMALL_WORLDS.map((other) => other.name).join(', ');
    throw new UsageError(`--world ${name}: there is no such world; there are ${known}`);
  });
}

/** Words on a long search, to stderr. */
function teller(name: string): (progress: Progress) => void {
  let next = performance.now() + WORDS_MS;
  return ({ states, transitions, depth, waiting, seconds, bytes }) => {
    if (performance.now() < next) return;
    next = performance.now() + WORDS_MS;
    process.stderr.write(
      `${name}: depth ${depth}, ${states} states, ${waiting} waiting (${(bytes / 1e6).toFixed(0)} MB), ` +
        `${transitions} transitions, ${(transitions / seconds).toFixed(0)}/s\n`,
    );
  };
}

function line({ world, size, states, transitions, depth, seconds, closed, limit, broken }: Report): string {
  const { containers, volumes, faults } = size;
  const end = broken ? 'BROKEN' : closed ? 'closed' : `open: limit of ${limit}`;
  return (
    `${world.name.padEnd(12)} ${containers} × ${volumes}, ${faults} faults: ${states} states, ${transitions} transitions, ` +
    `depth ${depth}, ${(states / seconds).toFixed(0)} states/s, ${(transitions / seconds).toFixed(0)} transitions/s, ${end}\n`
  );
}

function writeTrace({ world, broken }: Report, { trace }: ExhaustiveOptions): string {
  const file = trace ?? join(buildFile('.'), `exhaustive-${world.name}.jsonl`);
  writeFileSync(file, (broken?.events ?? []).map((event) => `${JSON.stringify(event)}\n`).join(''));
  return relative(process.cwd(), file);
}

function describe({ world, broken, size }: Report, trace: string, { policy }: ExhaustiveOptions): string {
  if (!broken) return '';
  const other = policy === buildFile('policy.wasm') ? '' : ` --policy ${policy}`;
  const { containers, volumes, faults } = size;
  return [
    `  ${broken.invariant} (${RULES[broken.invariant as Rule]})`,
    `  ${broken.message}`,
    ...broken.moves.map((move, index) => `  ${String(index + 1).padStart(3)}  ${move}`),
    `  again    moorage simulate --exhaustive --world ${world.name} --containers ${containers} --volumes ${volumes} --faults ${faults}${other}`,
    `  trace    moorage decide${other} < ${trace}`,
    '',
  ].join('\n');
}

function asData({ report, trace }: { report: Report; trace: string | undefined }): Record<string, unknown> {
  const { world, size, broken, bytes: _, waiting, ...figures } = report;
  return {
    world: world.name,
    about: world.about,
    ...size,
    ...figures,
    waiting,
    statesPerSecond: Math.round(figures.states / figures.seconds),
    transitionsPerSecond: Math.round(figures.transitions / figures.seconds),
    ...(broken && {
      broken: {
        invariant: broken.invariant,
        message: broken.message,
        moves: broken.moves,
        events: broken.events.length,
        trace,
      },
    }),
  };
}
