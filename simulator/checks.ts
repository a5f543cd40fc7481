import type { ReplyEffect, WorkEffect } from '../host/frames/types.ts';
import { driverMount, isMounted } from './drivers.ts';
import { checkDetached } from './takedown.ts';
import { isUnknowable, knownHolders, showsIt } from './truth.ts';
import { Violation } from './violation.ts';
import { keyOfTarget, type SimContainer, type SimVolume, volumeOf, type World } from './world.ts';

/** More effects than these on one volume within a second are a loop without a pause. */
const EFFECTS_A_SECOND = 60;
const CALM_MS = 1000;

/** What the policy gives out is held against the world before it happens. */
export function checkEffect(world: World, effect: WorkEffect, key: string): void {
  if (effect.type === 'place') return;
  const volume = volumeOf(world, key);
  const other = world.work.find((work) => work.key === key);
  if (other)
    throw new Violation('single', `${effect.type} of ${key} begins during effect ${other.effect.effect}`);
  checkCalm(world, key);
  if (effect.type === 'detach') checkDetach(world, effect.target, effect.mountId);
  if (effect.type !== 'driver') return;
  if (effect.op === 'unmount') {
    checkUnmount(world, volume);
    volume.unmountSent = true;
  }
  if (effect.op === 'mount') checkMount(world, volume);
  if (
    effect.op === 'mount' &&
    !volume.exists &&
    !world.setup.config.drivers[volume.driver]?.mountNeverCreates
  )
    if (volume.quirks.creates)
      throw new Violation(
        'typing',
        `mount of ${key}, which does not exist and was never asked to be created`,
      );
}

function checkCalm(world: World, key: string): void {
  const times = world.begun.get(key) ?? [];
  times.push(world.now);
  const { calmMs = CALM_MS } = world.setup;
  while ((times[0] as number) <= world.now - calmMs) times.shift();
  world.begun.set(key, times);
  if (times.length > EFFECTS_A_SECOND)
    throw new Violation('calm', `${times.length} effects on ${key} within ${calmMs} ms`);
}

function checkUnmount(world: World, volume: SimVolume): void {
  const held = knownHolders(world, volume);
  if (held.length > 0)
    throw new Violation('held', `unmount of ${volume.key} is sent, and ${held[0]?.id} holds it`);
  for (const container of world.containers.values()) {
    const { id, own, phase } = container;
    if (isUnknowable(volume, container)) continue;
    if (phase !== 'running' || !own.some(({ fs, key }) => key === volume.key && fs === volume.fs)) continue;
    throw new Violation(
      'witness',
      `unmount of ${volume.key} is sent, and the namespace of ${id} still has it`,
    );
  }
  // A Mount or Unmount without an answer leaves a range; in it rather an Unmount too many than a disk that stays for ever.
  // And after a reboot each volume of the record is given back once, whatever is seen.
  // What somebody took away looks like a mount of ours again when the other client mounts it. And no look shows that the driver itself
  // has lost count of a mount that was answered.
  const isKnown =
    !volume.unsure && !volume.forgiven && !volume.owesOnce && !volume.taken && volume.answered === 0;
  const isCounted = volume.quirks.counts === 'calls';
  if (isCounted && isKnown && volume.ours === 0 && volume.others > 0)
    throw new Violation('foreign', `unmount of ${volume.key} is sent, which only another client has mounted`);
}

function checkMount(world: World, volume: SimVolume): void {
  // Another client mounted it, or somebody took it away and something of ours came late, since the last look.
  if (volume.blind) return;
  // What the policy has forgotten, since it cannot be its own as far as it can know, it mounts anew.
  const isForgotten = volume.forgiven || isOnlyCounted(volume);
  // Somebody took one away, the next was given back, and something is still shown: whose it is a driver that counts by ID would not say either.
  const isAnyones = volume.taken && volume.unmountSent;
  if (
    !isForgotten &&
    !isAnyones &&
    volume.ours > 0 &&
    volume.mountedByUs &&
    driverMount(volume, world.kernel)
  )
    throw new Violation('twice', `mount of ${volume.key} is sent, and the kernel shows it mounted by us`);
  if (volume.pending > 0)
    throw new Violation('twice', `mount of ${volume.key} is sent, and one of before may still come true`);
}

function checkDetach(world: World, target: string, mountId: number): void {
  const { root } = world.setup.config;
  if (!target.startsWith(`${root}/`))
    throw new Violation('foreign', `detach of ${target}, which is not under ${root}`);
  const top = world.kernel.top(target);
  if (top?.id === mountId) checkDetached(world, top);
}

/** An answer to a prepare: what it names is there. */
export function checkMounts(world: World, reply: ReplyEffect): void {
  for (const { source } of reply.mounts ?? []) {
    const volume = volumeOf(world, keyOfTarget(source));
    // Somebody took it away after the last look, and nobody told: a look just before the answer would only make that rarer.
    if (volume.blind) continue;
    const top = world.kernel.top(source);
    if (!top)
      throw new Violation('mounted', `call ${reply.call} is answered with ${source}, where no mount is`);
    if (!isMounted(volume, world.kernel))
      throw new Violation(
        'mounted',
        `call ${reply.call} is answered ok, and no driver mount of ${volume.key}`,
      );
    if (isOthers(volume))
      throw new Violation(
        'mounted',
        `call ${reply.call} is answered ok, and ${volume.key} is mounted for another client alone`,
      );
    if (!showsIt(world, volume, top))
      throw new Violation('mounted', `call ${reply.call} is answered with ${source}, a bind of an old mount`);
  }
}

/** The driver counts none of ours: it goes when another client gives it back. What the policy cannot know is left out. */
function isOthers({ quirks, ours, unsure, taken, forgiven }: SimVolume): boolean {
  return quirks.counts !== 'none' && ours === 0 && !unsure && !taken && !forgiven;
}

/** A container is told that it lost a volume: somebody must have taken it. */
export function checkLimit(world: World, container: SimContainer): void {
  if (container.phase !== 'running') return;
  const isHurt = container.wants.some(
    ({ key }, index) => volumeOf(world, key).hurts > (container.hurtsAtStart[index] as number),
  );
  if (!isHurt) throw new Violation('limited', `${container.id} is limited, and nobody took a volume from it`);
}

/**
 * Where only the count could tell, and an end was not heard. Of plain directories nobody sees whether an unmount that failed was done;
 * done twice, it takes another client's. And what vanished from the kernel a driver that counts still counts: whether an
 * unmount without an answer has mended that, nobody sees either.
 */
function isOnlyCounted({ quirks, unsure, taken }: SimVolume): boolean {
  return unsure && (quirks.plain || (taken && quirks.counts !== 'none'));
}

/** Prepares have a time of their own; whatever the event, what is due by then is answered with it. */
export function checkDeadlines(world: World): void {
  for (const [call, { type, id, answerBy }] of world.calls)
    if (answerBy <= world.now)
      throw new Violation('answered', `${type} of ${id} (call ${call}) has no answer in its time`);
}

/** All containers are gone, all drivers answered, nothing is under way. */
export function checkClean(world: World): void {
  for (const [call, { type, id }] of world.calls)
    throw new Violation('answered', `${type} of ${id} (call ${call}) was never answered`);
  for (const { made, target } of world.kernel.mounts)
    if (made === 'managed') throw new Violation('clean', `${target} is still mounted`);
  if (!world.kernel.top('/other')) throw new Violation('foreign', 'the foreign mount on /other is gone');
  for (const volume of world.volumes.values()) {
    if (volume.forgiven || isOnlyCounted(volume)) continue;
    const isOurs = volume.ours > 0 || volume.mountedByUs;
    if (isMounted(volume, world.kernel) && volume.others === 0 && isOurs)
      throw new Violation('clean', `${volume.key} is still mounted by its driver`);
    if (volume.ours > 0 && volume.attached && !volume.unsure)
      throw new Violation('clean', `driver mount of ${volume.key} was never given back`);
    if (volume.ours > 0 && volume.attached && volume.hurts === 0 && !volume.unmountSent)
      throw new Violation('clean', `${volume.key} is still attached, and no unmount was ever sent`);
  }
}
