/** What keeps a policy from being swapped in, and what the report is made of when states, journals and policies are unlike each other. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInFlight } from '../cli/policy/in_flight.ts';
import { migrate } from '../cli/policy/migration.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Effect } from '../host/frames/types.ts';
import { encodeHeader, encodeRecord } from '../host/journal/format.ts';
import { readSegment } from '../host/journal/segment_reader.ts';
import type { Policy } from '../host/policy/policy.ts';
import { PolicyError } from '../host/policy/policy_error.ts';
import { startEasy } from './easy_host.ts';
import { patched } from './patched_policy.ts';
import { busy, command, examined, faulty, forgetful, simulationOf, stateOf } from './swap_examined.ts';
import { ownFolder, write } from './trusted_files.ts';
import { POLICY, prepareEvent, RECOVER } from './world.ts';

const gates = suite('what keeps a policy from being swapped in');
const awake = setInterval(() => undefined, 1000);

/** A state directory that a host has left, with its journal in short segments: two tasks share a volume. */
async function left(policy: string, segmentBytes: number): Promise<string> {
  const folder = join(ownFolder(), 'state');
  const host = await startEasy(folder, { segmentBytes }, undefined, {}, policy);
  for (const id of ['a', 'b']) assert.is((await host.call(prepareEvent(id, { volume: 'shared' }))).ok, true);
  for (let at = 0; at < 60; at += 1) {
    await host.prepare(`c${at}`);
    await host.cleanup(`c${at}`);
  }
  await host.host.close(2000);
  return folder;
}

/** It takes no state in which somebody has a volume. */
function refusing(): string {
  const head = "  container.key = r.text('container.id');\n";
  return faulty('state/snapshot.ts', head, `${head}  r.fail('container.id', 'planted in restore');\n`);
}

gates('a journal that begins with a snapshot: the other policy begins with that state as well', async () => {
  const folder = await left(POLICY, 4000);
  const same = examined(POLICY, folder, { runs: 1 });
  assert.ok(same.journal.first > 1, 'the journal begins with a snapshot');
  assert.is(same.journal.differing, 0);
  const other = examined(refusing(), folder, { runs: 1 });
  assert.equal(
    other.journal.rules.map(({ rule, events, first }) => [rule, events, first]),
    [['state: refused', 1, other.journal.first]],
  );
  assert.match(other.refused ?? '', /cannot take over the present state: .*planted in restore/);
});

gates('what breaks a rule under the deciding policy too does not count against the new one', async () => {
  const file = forgetful();
  const folder = await left(file, 1_000_000);
  const found = examined(file, folder, { runs: 40 });
  const { alsoBefore, broken, runs } = simulationOf(found);
  assert.ok(alsoBefore.length > 1, 'too few seeds found the fault that both have');
  assert.equal([broken, found.refused, runs], [undefined, undefined, 40]);
  // After each such seed the next ones follow, and no more than were asked for, also where the last one breaks nothing.
  const last = Array.from({ length: 40 }, (_, index) => 40 - index).find(
    (seed) => !alsoBefore.includes(seed),
  );
  assert.ok(last, 'every seed found it');
  assert.equal(alsoBefore, [...new Set(alsoBefore)], 'each seed once');
  const fewer = simulationOf(examined(file, folder, { runs: last }));
  assert.is(fewer.runs, last);
  assert.equal(
    fewer.alsoBefore,
    alsoBefore.filter((seed) => seed < last),
  );
});

gates('amid a recovery there is no state to take over, and the swap is refused for now', () => {
  const folder = stateOf((world) => {
    busy(world);
    world.send({ ...RECOVER, journal: 'whole', last: false });
  });
  const found = examined(POLICY, folder);
  assert.match(found.refused ?? '', /a recovery is coming in.*try again when it is over/);
  assert.type(found.simulation, 'string');
});

gates('a journal that its own policy does not decide so again is no measure, and refuses', () => {
  const folder = stateOf(busy);
  const file = join(folder, 'journal', '000001.journal');
  const { header, records } = readSegment(file);
  const parts = [encodeHeader(header as NonNullable<typeof header>)];
  for (const [index, { effectsBefore, wallMs, frame }] of records.entries())
    parts.push(encodeRecord(index === 10 ? 0x12345678 : effectsBefore, wallMs, frame));
  writeFileSync(file, Buffer.concat(parts));
  const { status, stdout, stderr } = command(POLICY, '--state', folder, '--runs', '1');
  assert.equal([status, stdout], [1, '']);
  assert.match(stderr, /does not decide so again \(event 10\)/);
});

gates(
  'without a number of worlds some are simulated all the same, and the first one is the seed that was named',
  () => {
    const file = forgetful();
    const folder = stateOf(busy);
    const { broken } = simulationOf(examined(file, folder, { runs: 400 }));
    assert.ok(broken, 'no seed found it');
    const { status, stdout, stderr } = command(
      file,
      '--state',
      folder,
      '--seed',
      String(broken.seed),
      '--apply',
    );
    assert.is(status, 1, stderr);
    assert.match(
      stdout,
      new RegExp(`simulated 1 worlds[^]*\n +seed ${broken.seed} broke a rule: [^]*\nrefused\n$`),
    );
    assert.not.match(stderr, /asking the isolator/);
  },
);

gates('golden traces that the two decide differently are told, each with its rules', () => {
  const file = write(join(ownFolder(), 'other.wasm'), patched(120_000, 60_000));
  const { status, stdout, stderr } = command(file, '--state', stateOf(busy), '--runs', '1');
  assert.is(status, 0, stderr);
  assert.match(stdout, /\ngolden +\d\d traces: [1-9]\d* decided differently\n/);
  assert.match(stdout, /\.journal: driver mount: another deadlineMs: \d+ events?, first #\d+/);
});

/** A policy of which only the state is asked. It takes those that begin as it likes. */
function keeper(likes: string, gives: (state: string) => string) {
  const taken: string[] = [];
  let state = 'old';
  const policy = {
    snapshot: () => Buffer.from(gives(state)),
    restore(bytes: Uint8Array) {
      const text = Buffer.from(bytes).toString();
      if (!text.startsWith(likes)) throw new PolicyError(`it does not read ${text}`);
      state = text;
      taken.push(text);
    },
  };
  return { policy: policy as unknown as Policy, taken };
}

gates('a state that goes over and not back is told, and the deciding policy is left in its own', () => {
  const deciding = keeper('old', (state) => state);
  const there = migrate(deciding.policy, () => keeper('', (state) => `new ${state.slice(-3)}`).policy);
  assert.equal(there, { from: 3, to: 7, noWayBack: 'it does not read new old' });
  assert.equal(deciding.taken, ['old']);
  const back = migrate(deciding.policy, () => keeper('', (state) => `old, ${state.slice(0, 3)}`).policy);
  assert.equal(back, { from: 3, to: 8 });
  assert.equal(deciding.taken.slice(1), ['old, old', 'old']);
});

const UNDER_WAY = { type: 'driver', op: 'get', effect: 7 } as unknown as Effect;
const PLACING = { type: 'place', effect: 8 } as unknown as Effect;

gates('what is under way at the end of a journal: calls without an answer, effects without an end', () => {
  const inFlight = createInFlight();
  const take = (event: Record<string, unknown>, ...effects: Effect[]) =>
    inFlight.take(encodeEvent({ at: 0, ...event }), effects);
  take({ ...prepareEvent('a', {}), call: 3 }, UNDER_WAY, PLACING);
  take({ ...prepareEvent('b', {}), call: 4 });
  take({ type: 'cleanup', call: 5, id: 'a' }, { type: 'reply', call: 5, ok: true } as Effect);
  inFlight.take(Buffer.from([1]), [PLACING]);
  assert.equal(inFlight.calls(), [
    { call: 3, id: 'a' },
    { call: 4, id: 'b' },
  ]);
  assert.equal(inFlight.effects(), [UNDER_WAY, PLACING]);
  assert.equal([inFlight.firstCall(), inFlight.lastCall()], [3, 5]);
  take({ type: 'done', effect: 7, ok: true }, { type: 'reply', call: 3, ok: true } as Effect);
  assert.equal([inFlight.calls(), inFlight.effects()], [[{ call: 4, id: 'b' }], [PLACING]]);
  take({ type: 'restart', bootId: 'b', mounts: [] });
  assert.equal([inFlight.calls(), inFlight.effects()], [[], []], 'a host that starts anew gets no answers');
  take({ ...prepareEvent('c', {}), call: 9 }, UNDER_WAY);
  take({ ...RECOVER, call: 10, part: 1 });
  assert.is(inFlight.calls().length, 1, 'only the first part of a recovery is a beginning');
  take({ ...RECOVER, call: 11 });
  assert.equal([inFlight.calls(), inFlight.effects(), inFlight.lastCall()], [[], [], 11]);
});

gates.after(() => clearInterval(awake));
gates.run();
