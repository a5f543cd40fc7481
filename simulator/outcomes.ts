import type { DriverEffect } from '../host/frames/types.ts';
import { isMounted } from './drivers.ts';
import { note, send } from './host.ts';
import { gaveBack } from './work.ts';
import { doubtCount, type Outcome, type SimVolume, volumeOf, type Work, type World } from './world.ts';

/** Tells the policy how an effect ended. */
export function tellDone(world: World, work: Work): void {
  const outcome = work.outcome as Outcome;
  if (world.dying === '' || world.dying === 'after')
    world.work = world.work.filter((other) => other !== work);
  const { effect } = work;
  const done = { type: 'done', effect: effect.effect, ...outcome };
  if (effect.type === 'driver') tellDriver(world, effect, volumeOf(world, work.key), outcome);
  note(world, effect.type === 'driver' ? effect.op : effect.type, effect.type === 'place' ? [] : [work.key]);
  send(world, done);
  learn(world, work, outcome);
  // What is not on disk yet may never have been told.
  if (effect.type === 'observe' && outcome.ok && world.dying === '') seeClean(world, work);
  world.lastDone = done;
}

/** What may still come true the policy waits for from now on: it does not know how long ago the call was given up. */
function tellDriver(
  world: World,
  { op }: DriverEffect,
  volume: SimVolume,
  { ok, error, value }: Outcome,
): void {
  if (op !== 'mount' && op !== 'unmount') return;
  if (!ok && volume.unsure) doubtCount(world, volume);
  if (op === 'unmount' && error?.kind !== 'unreachable') {
    // What was not shown before may be counted more than once, and stays counted by the rest.
    const isLeft = ok && ((value as { stillMounted: boolean }).stillMounted || !volume.shown);
    const left = isLeft ? Math.max(0, volume.answered - 1) : 0;
    gaveBack(volume);
    volume.answered = left;
  }
  if (op !== 'mount' || !ok) return;
  // What may have been there before the machine started anew and this one are given back together.
  volume.answered = volume.owesOnce ? 1 : volume.answered + 1;
  volume.owesOnce = false;
}

/** The policy has been shown that nothing of the volume is left, and nothing is: whatever it could not know before is over. */
function seeClean(world: World, { key, outcome, begunAt }: Work): void {
  const volume = volumeOf(world, key);
  const { value } = outcome as Outcome;
  const { driver: seen } = value as { driver: { answered: boolean; pathMountId?: number } };
  if (!seen.answered || seen.pathMountId || volume.quirks.plain) return;
  if (volume.owesOnce || volume.lateUntil > begunAt) return;
  const isLeft = volume.ours + volume.others > 0 || volume.attached || isMounted(volume, world.kernel);
  if (isLeft || world.late.some((late) => late.key === key)) return;
  volume.unsure = false;
  volume.taken = false;
  volume.forgiven = false;
}

/** What the host remembers of an answer: where the driver has it, and which file system it is. */
function learn(world: World, { effect, key }: Work, { ok, value }: Outcome): void {
  if (!ok || !value) return;
  const told = value as { mountpoint?: string; driver?: { path?: string; pathMountId?: number } };
  if (effect.type === 'observe') volumeOf(world, key).shown = told.driver?.pathMountId !== undefined;
  if (effect.type === 'bind') {
    const fs = world.volumes.get(key)?.fs;
    if (fs && !volumeOf(world, key).quirks.plain) world.devs.set(key, fs);
  }
  const path = told.mountpoint ?? (told.driver?.pathMountId ? told.driver.path : undefined);
  if (path !== undefined && !(effect.type === 'driver' && effect.op === 'get'))
    world.mountpoints.set(key, path);
}
