import type { FailureKind } from '../host/binding.ts';
import { type Found, finding } from '../host/effects/find_volume.ts';
import { failure } from '../host/effects/outcome.ts';
import { type Answer, readAnswer } from '../host/effects/plugin_api.ts';
import { isMounted, mountVolume, ourClient } from './drivers.ts';
import { comeTrueLater } from './late.ts';
import { unmount } from './takedown.ts';
import { doubtCount, noteFault, type SimVolume, type World } from './world.ts';

/** A call as it goes wrong: what the client then reports, and whether the driver did it: now, later, or never. */
interface Trouble {
  readonly fault: string;
  readonly done: 'now' | 'later' | 'never';
  readonly answer: Answer;
}

/** What changes nothing at the driver. */
const READING = new Set(['Get', 'List', 'Path']);

/** Refusals as drivers word them: Docker's helpers, old REX-Ray, a web server in between. */
const REFUSALS: readonly Answer[] = [
  { status: 500, body: '{"Err":"not now"}' },
  { status: 200, body: '{"Err":"not now"}' },
  { status: 200, body: '{"Error":"not now"}' },
  { status: 500, body: '{"Error":{"code":7}}' },
  { status: 400, body: 'malformed request' },
  { status: 404, body: 'page not found' },
  { status: 503, body: '' },
].map((response) => readAnswer(response, 'call'));

/** Answers that nobody can read. */
const GARBAGE: readonly Answer[] = ['<html>busy</html>', '{"Mountpoint":"/d', '[]', 'null'].map((body) =>
  readAnswer({ status: 200, body }, 'call'),
);

/** The refusals and answers that the policy can tell apart. */
const TOLD_APART = REFUSALS.filter(
  (answer, index) => REFUSALS.findIndex((other) => codeOf(other) === codeOf(answer)) === index,
);
const ONE_GARBAGE = GARBAGE.slice(0, 1);

const EMPTY = readAnswer({ status: 200, body: '' }, 'call');
const MISSING = readAnswer({ status: 404, body: 'page not found' }, 'call');

function codeOf(answer: Answer): string {
  return answer.ok ? '' : `${answer.error?.kind} ${answer.error?.code}`;
}

function broken(kind: FailureKind, code: string, message: string): Answer {
  return failure(kind, code, message) as Answer;
}

/**
 * One call of the plugin protocol as the native client reports it. `isTroubled`: this one goes wrong. `deadlineAt` is when the
 * client gives up.
 */
export function callPlugin(
  world: World,
  volume: SimVolume,
  method: string,
  deadlineAt: number,
  isTroubled: boolean,
): Answer {
  if ((world.downUntil.get(volume.driver) ?? 0) > world.now)
    return broken('unreachable', 'ECONNREFUSED', 'nobody listens');
  if (!isTroubled) return serve(world, volume, method);
  const trouble = chooseTrouble(world, deadlineAt, READING.has(method));
  noteFault(world, trouble.fault);
  if (READING.has(method)) return trouble.answer;
  doubtCount(world, volume);
  if (trouble.done === 'later') comeTrueLater(world, method, volume.key);
  if (trouble.done !== 'now') return trouble.answer;
  const answer = serve(world, volume, method);
  return trouble.fault === 'empty' && answer.ok ? { ok: true, body: {} } : trouble.answer;
}

const TROUBLES = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** Those for which it matters whether the driver did it. */
const MAYBE_DONE = [4, 5, 7] as const;
const DONE = ['now', 'later', 'never'] as const;

function chooseTrouble(world: World, deadlineAt: number, isReading: boolean): Trouble {
  const { random } = world;
  const done = random.pick(DONE, isReading ? DONE.slice(0, 1) : DONE);
  switch (random.pick<number>(TROUBLES, done === 'now' ? TROUBLES : MAYBE_DONE)) {
    case 0:
      return { fault: 'refused', done: 'never', answer: random.pick(REFUSALS, TOLD_APART) };
    case 1:
      return { fault: 'done-in-spite', done: 'now', answer: random.pick(REFUSALS, TOLD_APART) };
    case 2:
      return {
        fault: 'unreachable',
        done: 'never',
        answer: broken('unreachable', 'ECONNREFUSED', 'nobody listens'),
      };
    case 3:
      return { fault: 'failed', done: 'never', answer: broken('failed', 'EMFILE', 'no more files') };
    case 4:
      return {
        fault: 'garbage',
        done,
        answer: random.pick(GARBAGE, ONE_GARBAGE),
      };
    case 5:
      return { fault: 'broken', done, answer: broken('timeout', 'ECONNRESET', 'the connection broke') };
    case 6:
      return { fault: 'empty', done: 'now', answer: EMPTY };
    default:
      world.now = Math.max(world.now, deadlineAt);
      return { fault: 'timeout', done, answer: broken('timeout', 'deadline', 'no whole answer in time') };
  }
}

/** What a driver answers that is asked in order. */
function serve(world: World, volume: SimVolume, method: string): Answer {
  const { quirks } = volume;
  if (method === 'Mount') return toAnswer(mountVolume(volume, world.kernel, ourClient), 'Mountpoint');
  if (method === 'Unmount') return toAnswer(unmount(world, volume), '');
  if (method === 'Create') {
    volume.exists = true;
    return { ok: true, body: {} };
  }
  if (method === 'List')
    return quirks.noList ? MISSING : { ok: true, body: { Volumes: volume.exists ? [named(volume)] : [] } };
  if (method === 'Get' && quirks.noGet) return MISSING;
  if (!volume.exists) return refused(`no volume ${volume.name}`);
  const shown = quirks.hints || isMounted(volume, world.kernel);
  if (method === 'Path') {
    return shown
      ? { ok: true, body: { Mountpoint: volume.mountpoint } }
      : refused(`${volume.name} is not mounted`);
  }
  return { ok: true, body: { Volume: { ...named(volume), Mountpoint: shown ? volume.mountpoint : '' } } };
}

function named({ name }: SimVolume): { Name: string } {
  return { Name: name };
}

function refused(message: string): Answer {
  return readAnswer({ status: 500, body: JSON.stringify({ Err: message }) }, 'call');
}

function toAnswer(answer: ReturnType<typeof mountVolume>, field: string): Answer {
  if (!answer.ok) return refused(answer.message);
  return { ok: true, body: field === '' ? {} : { [field]: answer.mountpoint } };
}

/** What a driver says of a volume, asked as the host asks. Any of its calls may be the one that goes wrong. */
export function searchVolume(
  world: World,
  volume: SimVolume,
  deadlineAt: number,
  isTroubled: boolean,
): Found {
  const search = finding(volume.name);
  let step = search.next();
  let before = isTroubled ? world.random.below(2) : -1;
  while (!step.done) {
    step = search.next(callPlugin(world, volume, step.value[0], deadlineAt, before === 0));
    before -= 1;
  }
  return step.value;
}
