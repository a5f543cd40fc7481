/** The exhaustive search finds nothing in the shipped policy, and the shortest way to what is broken on purpose. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Effect } from '../host/frames/types.ts';
import { startPortable } from '../portable/policy.ts';
import { bundle } from '../setup/esbuild.mjs';
import { portableBundle } from '../setup/portable.mjs';
import { audit } from '../simulator/exhaustive/audit.ts';
import { createChoosing } from '../simulator/exhaustive/choosing.ts';
import { policiesOf, type Report, searchWorld } from '../simulator/exhaustive/search_worlds.ts';
import { SMALL_WORLDS, type SmallWorld } from '../simulator/exhaustive/small_worlds.ts';
import { CONTAINER, IN_FLIGHT, TOP, VOLUME } from '../simulator/exhaustive/snapshot_normal.ts';
import type { Policies } from '../simulator/world.ts';
import { MUTANTS } from './mutants/list.ts';
import { patched } from './patched_policy.ts';
import { POLICY } from './world.ts';

const ONE = { containers: 1, volumes: 1 };
const NO_LIMIT = { depth: 1000, states: 1_000_000, seconds: 1000 };
const shipped = (): Policies => policiesOf(readFileSync(POLICY), POLICY);

function worldOf(name: string): SmallWorld {
  const world = SMALL_WORLDS.find((other) => other.name === name);
  assert.ok(world, `no world ${name}`);
  return world;
}

function text({ world, broken }: Report): string | undefined {
  return broken && `${world.name}: ${broken.invariant}: ${broken.message}: ${broken.moves.join(', ')}`;
}

const exhaustive = suite('exhaustive');

for (const world of SMALL_WORLDS) {
  exhaustive(`world ${world.name}: one container without faults, to the last state, keeps all rules`, () => {
    const report = searchWorld(shipped, world, { ...ONE, faults: 0 }, NO_LIMIT);
    assert.is(text(report), undefined);
    assert.ok(report.closed, `open after ${report.states} states: ${report.limit}`);
    assert.ok(report.states > 300 && report.probes > 0, `only ${report.states} states`);
  });
}

exhaustive('two containers and every fault once, to a depth, keep all rules', () => {
  const report = searchWorld(
    shipped,
    worldOf('calls'),
    { containers: 2, volumes: 1, faults: 1 },
    { ...NO_LIMIT, depth: 5 },
  );
  assert.is(text(report), undefined);
  assert.is(report.limit, 'depth');
  assert.ok(report.states > 1000, `only ${report.states} states`);
});

exhaustive('the same search is the same, state for state', () => {
  const search = () =>
    searchWorld(shipped, worldOf('linger'), { ...ONE, faults: 1 }, { ...NO_LIMIT, depth: 5 });
  const { states, transitions } = search();
  const again = search();
  assert.equal([again.states, again.transitions], [states, transitions]);
});

exhaustive('states that are taken for the same have the same future', () => {
  for (const [name, containers, faults] of [
    ['plain', 2, 0],
    ['calls', 1, 1],
  ] as const) {
    const seen = audit(worldOf(name), { containers, volumes: 1, faults }, shipped(), {
      states: 250,
      every: 8,
    });
    assert.is(seen.difference, undefined, name);
    assert.ok(seen.compared > 50, `only ${seen.compared} pairs in ${name}`);
  }
});

exhaustive('what a policy keeps is known to the search field by field', () => {
  const source = readFileSync('assembly/state/snapshot.ts', 'utf8');
  const written = (name: string, from: string): string[] => {
    const [body = ''] = (source.split(from)[1] ?? '').split('\n}\n');
    return [...body.matchAll(new RegExp(`^  out\\.\\w+\\(${name}\\.(\\w+)`, 'gm'))].map(
      ([, field]) => field as string,
    );
  };
  assert.equal(written('volume', 'function writeVolume'), Object.keys(VOLUME));
  const isLoose = (field: string): boolean => field === 'requests' || field === 'calls';
  assert.equal(
    written('container', 'function writeContainer').filter((field) => !isLoose(field)),
    Object.keys(CONTAINER).filter((field) => !isLoose(field)),
  );
  assert.ok(
    source.includes(`[${Object.keys(TOP).join(', ').replace('inFlight', 'in flight')}]`),
    'the top of it',
  );
  assert.is(Object.keys(IN_FLIGHT).length, 3);
});

exhaustive('every way is taken once, whatever is drawn', () => {
  const random = createChoosing();
  const seen: string[] = [];
  random.begin();
  do
    seen.push(
      random.chance(0.5) ? `a${random.below(3)}` : `b${random.weighted([1, 5])}${random.pick(['x', 'y'])}`,
    );
  while (random.advance());
  assert.equal(seen, ['b0x', 'b0y', 'b1x', 'b1y', 'a0', 'a1', 'a2']);
});

/** The policy of this checkout with a fault of `npm run mutants` in it, as plain TypeScript. */
async function planted(name: string): Promise<() => Policies> {
  const mutant = MUTANTS.find((other) => other.name === name);
  assert.ok(mutant, `no fault "${name}" in test/mutants/list.ts`);
  const outfile = join(mkdtempSync(join(tmpdir(), 'exhaustive-')), 'policy.cjs');
  const change = (path: string, source: string): string =>
    path.endsWith(mutant.file) ? source.replace(mutant.from, () => mutant.to) : source;
  await bundle({ root: resolve('.'), note: () => {} }, [portableBundle(resolve('.'), outfile, change)]);
  return () => {
    const deciding = startPortable(outfile);
    const empty = deciding.snapshot();
    assert.ok(empty);
    return { deciding, comparing: startPortable(outfile), empty };
  };
}

interface Control {
  world: string;
  containers: number;
  faults: number;
  rule: string;
  /** The fewest moves. */
  moves: number;
  /** What the trace makes the broken policy do, and never the shipped one. */
  shows(steps: readonly Effect[][]): boolean;
}

function isDriver(op: string): (effect: Effect) => boolean {
  return (effect) => effect.type === 'driver' && effect.op === op;
}

const CONTROLS: Record<string, Control> = {
  'a hold is not dropped at the cleanup': {
    world: 'plain',
    containers: 1,
    faults: 0,
    rule: 'clean',
    moves: 6,
    shows: (steps) => steps.at(-1)?.length === 0,
  },
  'a reply is sent twice': {
    world: 'plain',
    containers: 1,
    faults: 0,
    rule: 'answered',
    moves: 9,
    shows: (steps) => {
      const calls = steps.flat().flatMap((effect) => (effect.type === 'reply' ? [effect.call] : []));
      return new Set(calls).size < calls.length;
    },
  },
  'the refcount is forced to zero when any user leaves': {
    world: 'calls',
    containers: 2,
    faults: 0,
    rule: 'held',
    moves: 11,
    shows: (steps) => (steps.at(-1) ?? []).some(({ type }) => type === 'detach'),
  },
  'a mount that timed out is taken for not mounted at once': {
    world: 'plain',
    containers: 1,
    faults: 1,
    rule: 'twice',
    moves: 8,
    shows: (steps) => (steps.at(-1) ?? []).some(isDriver('mount')),
  },
  'a retry does not wait for its time': {
    world: 'plain',
    containers: 1,
    faults: 1,
    rule: 'calm',
    moves: 6,
    shows: (steps) => steps.flat().filter(({ type }) => type === 'observe').length > 30,
  },
};

for (const [name, { world, containers, faults, rule, moves, shows }] of Object.entries(CONTROLS)) {
  exhaustive(`${name}: found, by the fewest moves, and the trace shows it`, async () => {
    const renew = await planted(name);
    const { broken } = searchWorld(renew, worldOf(world), { containers, volumes: 1, faults }, NO_LIMIT);
    assert.is(broken?.invariant, rule, broken?.message);
    assert.is(broken?.moves.length, moves, broken?.moves.join(', '));
    const stepped = ({ deciding }: Policies): Effect[][] =>
      (broken?.events ?? []).map((event) => decodeEffects(deciding.step(encodeEvent(event))));
    assert.ok(shows(stepped(renew())), 'the trace does not show it');
    assert.not(shows(stepped(shipped())), 'the shipped policy does it too');
  });
}

function moorage(
  args: readonly string[],
  input = '',
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['build/moorage.mjs', ...args], { input, encoding: 'utf8' });
}

exhaustive('the command ends with 1 on a broken rule, and its trace is what moorage decide reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'exhaustive-'));
  const [policy, trace] = [join(folder, 'policy.wasm'), join(folder, 'trace.jsonl')];
  writeFileSync(policy, patched(45_000, 3_600_000));
  const search = ['simulate', '--exhaustive', '--world', 'plain', '--containers', '1', '--policy', policy];
  const { status, stdout, stderr } = moorage([...search, '--trace', trace, '--json']);
  assert.is(status, 1, stderr);
  const { broken } = JSON.parse(stdout).worlds[0];
  assert.is(broken.invariant, 'answered');
  const decided = moorage(['decide', '--policy', policy], readFileSync(trace, 'utf8'));
  assert.is(decided.status, 0, decided.stderr);
  const replies = decided.stdout.match(/"type":"reply"/g) ?? [];
  assert.is(decided.stdout.trim().split('\n').length, broken.events);
  assert.is(replies.length, 2, 'configure and recover are answered, the prepare is not');
});

exhaustive('a world that there is not is an error of usage, which names those there are', () => {
  const { status, stderr } = moorage(['simulate', '--exhaustive', '--world', 'plane']);
  assert.is(status, 2);
  assert.match(stderr, /--world plane: .*plain, linger/);
});

exhaustive('a search that meets its limit says so', () => {
  const args = ['--world', 'plain', 'calls', '--containers', '1', '--depth', '2'];
  const { status, stdout } = moorage(['simulate', '--exhaustive', ...args]);
  assert.is(status, 0);
  assert.is(stdout.match(/open: limit of depth/g)?.length, 2, stdout);
});

exhaustive.run();
