import { ACTIONS, unmountOther } from '../actions.ts';
import { ask, cleanup, destroy, fork, prepareAgain } from '../agent.ts';
import { comeBack, crashAgent, reboot, restartHost } from '../crashes.ts';
import { restartDriver } from '../drivers.ts';
import { HostDied, send } from '../host.ts';
import { runLate } from '../late.ts';
import { tellDone } from '../outcomes.ts';
import { perform } from '../perform.ts';
import { wake } from '../scenario.ts';
import { noteFault, type SimContainer, type Work, type World } from '../world.ts';
import { type Size, type SmallWorld, wishesOf } from './small_worlds.ts';

/** One thing that may happen next. It may draw choices of its own. */
export interface Move {
  readonly name: string;
  /** Whether it is one of the faults, of which there are only so many. */
  readonly isFault: boolean;
  run(world: World): void;
}

/** Open calls of one container: the same prepare again and again is not asked more often. */
const CALLS_MAX = 2;
/** Mounts that a trusting driver may count for us before no further container comes. */
const MOUNTS_MAX = 3;
/** Longer than all pauses, shorter than all deadlines. */
const SLOW_MS = 5;
const SOON_MS = 6;
/** How long a prepare waits where the configuration does not say. */
const PREPARE_MS = 45_000;

/** All that may happen in the world now. */
export function movesOf(world: World, small: SmallWorld, size: Size, mayFail: boolean): Move[] {
  const events = [...agentMoves(world, small, size), ...deliveries(world), ...tellings(world)];
  const moves = [...events, ...performances(world), ...leavings(world), ...clock(world)];
  if (!mayFail) return moves;
  return [...moves, ...deaths(world, events), ...troubles(world), ...disasters(world, small)];
}

function free(name: string, run: (world: World) => void): Move {
  return { name, isFault: false, run };
}

function fault(name: string, run: (world: World) => void): Move {
  return { name, isFault: true, run };
}

function containerOf(world: World, id: string): SimContainer {
  return world.containers.get(id) as SimContainer;
}

/** What the agent may do with each container. */
function agentMoves(world: World, small: SmallWorld, size: Size): Move[] {
  const moves: Move[] = [];
  for (let index = 0; index < size.containers; index += 1) {
    const id = `c${index + 1}`;
    const container = world.containers.get(id);
    const isFree = (!container || mayBeAskedAnew(container)) && !isBeingPlaced(world, id);
    if (isFree && !isCountedOften(world)) {
      for (const wish of wishesOf(small, size)) {
        const what = wish.map(({ name, readonly }) => (readonly ? `${name}:ro` : name)).join('+');
        moves.push(free(`prepare ${id} ${what}`, (now) => ask(now, id, wish)));
      }
    }
    if (!container) continue;
    const { phase, destroyed, anonymous, limited, voided } = container;
    if (phase !== 'failed' && !anonymous && !voided && openCalls(world, id) < CALLS_MAX)
      moves.push(free(`again ${id}`, (now) => prepareAgain(now, containerOf(now, id))));
    if (phase === 'ready' && !destroyed && !limited)
      moves.push(free(`fork ${id}`, (now) => fork(now, containerOf(now, id))));
    if (!destroyed) moves.push(free(`destroy ${id}`, (now) => destroy(now, containerOf(now, id))));
    moves.push(free(`cleanup ${id}`, (now) => cleanup(now, containerOf(now, id))));
  }
  return moves;
}

function mayBeAskedAnew({ phase, destroyed, voided, limited }: SimContainer): boolean {
  return phase === 'failed' && !destroyed && !voided && !limited;
}

/**
 * A driver that believes its memory counts each Mount of what it has lost, and mounts nothing: with one container after the other that
 * count would grow for ever.
 */
function isCountedOften(world: World): boolean {
  return [...world.volumes.values()].some(({ ours, quirks }) => quirks.trusting && ours >= MOUNTS_MAX);
}

/** What an earlier container of that id left under way has to end first, or there could be any number of them. */
function isBeingPlaced(world: World, id: string): boolean {
  return world.work.some(({ effect }) => effect.type === 'place' && effect.id === id);
}

function openCalls(world: World, id: string): number {
  let count = 0;
  for (const call of world.calls.values()) if (call.type === 'prepare' && call.id === id) count += 1;
  return count;
}

function workName({ effect, key }: Work): string {
  return `${effect.type === 'driver' ? effect.op : effect.type} ${key.replace('place of ', '')}`;
}

function performances(world: World): Move[] {
  return world.work.flatMap((work, index) =>
    work.outcome === undefined
      ? [free(`perform ${workName(work)}`, (now) => perform(now, now.work[index] as Work, false))]
      : [],
  );
}

function deliveries(world: World): Move[] {
  return world.work.flatMap((work, index) =>
    work.outcome === undefined
      ? []
      : [free(`tell ${workName(work)}`, (now) => tellDone(now, now.work[index] as Work))],
  );
}

function tellings(world: World): Move[] {
  return world.untold.length === 0 ? [] : [free('tell lost', (now) => ACTIONS.tell?.(now))];
}

/** Time stands still until nothing but time can change something; then it goes to the next moment that means something. */
function clock(world: World): Move[] {
  if (world.wakeAt > 0 && world.wakeAt <= world.now) return [free('tick', wake)];
  const at = nextMoment(world);
  if (at === undefined) return [];
  return [
    free('time passes', (now) => {
      now.now = at;
      wake(now);
    }),
  ];
}

/** A wake-up, or the end of what is late: unless an effect has to be told before. */
function nextMoment(world: World): number | undefined {
  const moments = world.late.map(({ dueAt }) => dueAt);
  if (world.wakeAt > 0) moments.push(world.wakeAt);
  if (moments.length === 0) return undefined;
  const at = Math.max(world.now, Math.min(...moments));
  const { prepareMs = PREPARE_MS } = world.setup.config;
  return world.work.every((work) => mayLastUntil(work, at, prepareMs)) ? at : undefined;
}

/**
 * An effect ends soon, or takes about as long as a prepare waits, or meets its deadline. In between is nothing but more of the
 * same: pauses and lingering are shorter than `SOON_MS`, but for the one between two unmounts of a long count.
 */
function mayLastUntil({ begunAt, effect }: Work, at: number, prepareMs: number): boolean {
  const took = at - begunAt;
  return took <= effect.deadlineMs && (took <= SOON_MS || Math.abs(took - prepareMs) <= SOON_MS);
}

/**
 * The host dies at an event: before it is on disk, because the disk is full, or after. Then the agent starts anew, or the host alone.
 */
function deaths(world: World, events: readonly Move[]): Move[] {
  const ticking = clock(world);
  const after = [...events, ...ticking].map((event) => death(event, 'after'));
  // What was told and never written down is the same as a crash before it; only what the agent did remains.
  const before = events.filter(({ name }) => /^(prepare|fork)/.test(name));
  return [...after, ...before.flatMap((event) => [death(event, 'before'), death(event, 'full')])];
}

const WHEN = { before: 'before', after: 'after', full: 'of a full disk at' } as const;

function death({ name, run }: Move, when: keyof typeof WHEN): Move {
  return fault(`host dies ${WHEN[when]} ${name}`, (world) => {
    world.dying = when;
    try {
      run(world);
    } catch (error) {
      if (!(error instanceof HostDied)) throw error;
      comeBack(world);
    }
    world.dying = '';
  });
}

/** What may go wrong with an effect; what is delivered may be delivered twice. */
function troubles(world: World): Move[] {
  return world.work.map((work, index) =>
    work.outcome === undefined
      ? fault(`trouble with ${workName(work)}`, (now) => perform(now, now.work[index] as Work, true))
      : fault(`tell twice ${workName(work)}`, (now) => {
          tellDone(now, now.work[index] as Work);
          if (now.lastDone) send(now, now.lastDone);
        }),
  );
}

function disasters(world: World, { others }: SmallWorld): Move[] {
  const volumes = [...world.volumes.values()];
  const moves = [
    fault('agent crashes', (now) => crashAgent(now, 'whole')),
    fault('journal lost', (now) => crashAgent(now, 'new')),
    fault('host restarts', restartHost),
    fault('reboot', reboot),
  ];
  if (world.work.length > 0)
    moves.push(
      fault('all is slow', (now) => {
        now.now += SLOW_MS;
        runLate(now);
      }),
    );
  if (world.kernel.mounts.some(({ made }) => made === 'managed'))
    moves.push(fault('managed mount vanishes', (now) => ACTIONS.vanishManaged?.(now)));
  if (world.kernel.mounts.some(({ made }) => made === 'driver'))
    moves.push(fault('driver mount vanishes', (now) => ACTIONS.vanishDriver?.(now)));
  if (volumes.some(({ quirks }) => quirks.forgets)) moves.push(fault('driver restarts', restartAll));
  if (others) moves.push(fault('another client mounts', (now) => ACTIONS.otherMount?.(now)));
  return moves;
}

function restartAll(world: World): void {
  noteFault(world, 'driver-restart');
  for (const volume of world.volumes.values()) restartDriver(volume, world.kernel);
}

/** Another client that has come may always go. */
function leavings(world: World): Move[] {
  return [...world.volumes.values()].flatMap(({ key, others }) =>
    others > 0 ? [free(`another client unmounts ${key}`, (now) => leave(now, key))] : [],
  );
}

function leave(world: World, key: string): void {
  const volume = world.volumes.get(key);
  if (volume) unmountOther(world, volume);
}
