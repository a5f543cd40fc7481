import { beginEffects, emitAlert, emitOk, emitRefusal, emitWake, endEffects } from '../effects/emit.ts';
import { BAD_FRAME, NOT_RECOVERED } from '../errors.ts';
import { readContainer, readRecovered, readResources } from '../events/container.ts';
import { readMounts } from '../events/mount.ts';
import { readOutcome } from '../events/outcome.ts';
import * as types from '../events/types.ts';
import { FRAME_MAX, INTEGER_MAX, SCHEMA } from '../limits.ts';
import { Recovering, state } from '../state/state.ts';
import { input, Reader } from '../wire/reader.ts';
import { inputRegion } from '../wire/regions.ts';
import { configure } from './configure.ts';
import { done } from './done.ts';
import { cleanup, destroy } from './ending.ts';
import { lost } from './lost.ts';
import { next } from './next.ts';
import { operator } from './operator.ts';
import { expire, prepare } from './prepare.ts';
import { recover, restart } from './recover.ts';

/** Fields of each event, header (schema, type, at) included; index is the type. */
const FIELDS: i32[] = [5, 5, 11, 5, 5, 6, 6, 5, 5, 7, 4, 7, 4, 3];

function hasCall(type: i32): bool {
  return (
    (type >= types.UNREADABLE && type <= types.CLEANUP && type != types.RESTART) || type == types.OPERATOR
  );
}

/** One event in, its effects out: reads the input region, changes the state, writes the output region. Returns the size of the output. */
export function stepEvent(size: i32): i32 {
  beginEffects();
  const r = input.open(inputRegion(FRAME_MAX), size < 0 || size > FRAME_MAX ? 0 : size);
  const count = r.array('frame');
  if (!r.failed && r.integer('schema', 0, INTEGER_MAX) != SCHEMA)
    r.fail('schema', 'is not the one that this policy reads');
  const type = i32(r.integer('type', 0, FIELDS.length - 1));
  const at = r.integer('at', 0, INTEGER_MAX);
  if (!r.failed && count != FIELDS[type]) r.fail('frame', 'has another number of fields');
  let call: f64 = -1;
  if (!r.failed && hasCall(type)) {
    const number = r.integer('call', type == types.UNREADABLE ? -1 : 0, INTEGER_MAX);
    // A number that cannot be read is nobody's: another call must not get the answer.
    if (!r.failed) call = number;
  }
  if (!r.failed && type == types.UNREADABLE) {
    const why = r.text('why');
    r.error = why.length > 0 ? why : 'frame: the event cannot be read';
  }
  if (r.failed) refuseFrame(call, r);
  else {
    if (at > state.now) state.now = at;
    if (call >= 0) calledFor(type, call, r);
    else told(type, r);
    fireTimers();
  }
  const wake = state.nextWake();
  if (wake != state.wakeAt) {
    state.wakeAt = wake;
    emitWake(wake);
  }
  return endEffects();
}

function refuseFrame(call: f64, r: Reader): void {
  if (call >= 0) emitRefusal(call, BAD_FRAME, r.error, 'the caller and the policy disagree about frames');
  else emitAlert('error', BAD_FRAME, r.error, '', '');
}

/** Events that somebody waits for. */
function calledFor(type: i32, call: f64, r: Reader): void {
  if (type == types.CONFIGURE) return configure(call, r);
  if (type == types.PREPARE) {
    const info = readContainer(r);
    r.finish();
    if (r.failed) return refuseFrame(call, r);
    return prepare(call, info);
  }
  if (type == types.RECOVER) return readRecover(call, r);
  if (type == types.OPERATOR) return readOperator(call, r);
  const id = r.text('id');
  let pid: f64 = 0;
  if (type == types.ISOLATE) pid = r.integer('pid', 0, INTEGER_MAX);
  if (type == types.UPDATE) readResources(r);
  r.finish();
  if (r.failed) return refuseFrame(call, r);
  if (!state.config)
    return emitRefusal(call, NOT_RECOVERED, 'nothing can be done before configure', 'send configure first');
  if (type == types.DESTROY) return destroy(call, id);
  if (type == types.CLEANUP) return cleanup(call, id);
  const container = state.container(id);
  if (container && type == types.ISOLATE) container.pid = pid;
  emitOk(call);
}

function readOperator(call: f64, r: Reader): void {
  const verb = r.text('verb');
  const driver = r.optionalText('driver');
  const name = r.optionalText('name');
  r.finish();
  if (r.failed) return refuseFrame(call, r);
  operator(call, verb, driver, name);
}

/** Parts are kept until the last has come; a part that cannot be read throws the others away. */
function readRecover(call: f64, r: Reader): void {
  const journal = r.text('journal');
  if (!r.failed && journal != 'whole' && journal != 'new' && journal != 'damaged')
    r.fail('journal', 'must be whole, new or damaged');
  const bootId = r.text('bootId');
  const incoming = new Recovering();
  const count = r.optionalArray('containers');
  for (let i = 0; i < count && !r.failed; i++) incoming.containers.push(readRecovered(r));
  incoming.orphans = r.texts('orphans');
  incoming.mounts = readMounts(r, 'mounts');
  const part = i32(r.integer('part', 0, 1000000));
  const last = r.bool('last');
  r.finish();
  if (!r.failed && part > 0 && !state.recovering) r.fail('part', 'the parts before it are missing');
  let before: Recovering | null = null;
  if (part > 0) before = state.recovering;
  if (!r.failed && before && before.parts != part) r.fail('part', 'is out of order');
  if (r.failed || !state.config) {
    state.recovering = null;
    if (r.failed) return refuseFrame(call, r);
    return emitRefusal(call, NOT_RECOVERED, 'recover comes before configure', 'send configure first');
  }
  const recovering = join(before, incoming);
  state.recovering = last ? null : recovering;
  if (last) recover(call, journal, bootId, recovering);
  else emitOk(call);
}

function join(before: Recovering | null, part: Recovering): Recovering {
  const into = before ? before : new Recovering();
  for (let i = 0; i < part.containers.length; i++) into.containers.push(part.containers[i]);
  for (let i = 0; i < part.orphans.length; i++) into.orphans.push(part.orphans[i]);
  const root = state.configured().root;
  for (let i = 0; i < part.mounts.length; i++) into.addMount(part.mounts[i], root);
  into.parts += 1;
  return into;
}

/** Events that nobody waits for. */
function told(type: i32, r: Reader): void {
  if (type == types.DONE) {
    const outcome = readOutcome(r);
    r.finish();
    if (r.failed) return refuseFrame(-1, r);
    return done(outcome);
  }
  if (type == types.RESTART) {
    const bootId = r.text('bootId');
    const mounts = readMounts(r, 'mounts');
    r.finish();
    if (r.failed) return refuseFrame(-1, r);
    return state.config ? restart(bootId, mounts) : tooEarly('restart');
  }
  if (type == types.LOST) {
    const target = r.text('target');
    r.finish();
    if (r.failed) return refuseFrame(-1, r);
    return state.config ? lost(target) : tooEarly('lost');
  }
  if (type == types.SWAP) r.text('digest');
  r.finish();
  if (r.failed) refuseFrame(-1, r);
}

function tooEarly(what: string): void {
  emitAlert('error', NOT_RECOVERED, what + ' comes before configure: it is passed over', '', '');
}

/** Whatever the event was: what is due by now is looked at. */
function fireTimers(): void {
  if (!state.config || state.recovering !== null) return;
  let timer = state.due();
  while (timer) {
    if (timer.isVolume) {
      const volume = state.volume(timer.key);
      if (volume) next(volume);
    } else {
      const container = state.container(timer.key);
      if (container) expire(container);
    }
    timer = state.due();
  }
}
