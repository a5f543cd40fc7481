import { decodeEffects } from '../host/frames/effect_frame.ts';
import type { Config } from '../host/frames/types.ts';
import { guarded, isAlike } from './decide.ts';
import { Violation } from './violation.ts';
import { unsettle } from './work.ts';
import { doubtCount, type Entry, noteFault, type World } from './world.ts';

/** Of the events that waited for a sync only the first are on disk. */
export function loseUnsynced(world: World): void {
  world.dying = '';
  const kept = world.random.below(world.journal.length - world.synced + 1);
  world.journal.length = world.synced + kept;
  if (world.kept.events > world.journal.length) world.kept = { state: world.base, events: 0 };
  for (const { effects } of world.journal.slice(world.synced))
    for (const effect of decodeEffects(effects)) unsettle(world, effect);
}

/** Of so many starts one replays the journal from its first event; the others begin at the state kept last. */
const STARTS_FOR_A_WHOLE_REPLAY = 32;

/** The host dies and another one begins: the journal is stepped again, and must lead to the same decisions. */
export function replayJournal(world: World): void {
  if (world.dying === 'unsynced') loseUnsynced(world);
  if (world.steps % STARTS_FOR_A_WHOLE_REPLAY === 0) world.kept = { state: world.base, events: 0 };
  const { state, events } = world.kept;
  guarded(() => world.policy.restore(state));
  for (let index = events; index < world.journal.length; index += 1) {
    const { frame, effects } = world.journal[index] as Entry;
    const again = guarded(() => world.policy.step(frame));
    // Either may come from a state that was restored just before.
    if (!isAlike(effects, again) && !isAlike(again, effects))
      throw new Violation(
        'deterministic',
        `replayed, event ${index + 1} of the journal is decided differently`,
      );
  }
  recollect(world);
  // The policy counts the time in which something may still come true from now on.
  for (const volume of world.volumes.values()) if (volume.unsure) doubtCount(world, volume);
  world.dying = '';
  world.unsynced = 0;
  world.calls.clear();
  world.firstCall = world.nextCall;
  world.work = [];
  world.wakeAt = 0;
  world.lastDone = undefined;
  world.recovered = false;
}

/** What the policy was told last, as far as the journal goes. */
function recollect(world: World): void {
  const last = (fits: (event: Record<string, unknown>) => boolean) => {
    for (let index = world.journal.length - 1; index >= 0; index -= 1) {
      const { event } = world.journal[index] as Entry;
      if (fits(event)) return event;
    }
    return undefined;
  };
  const drained = last(({ verb }) => verb === 'drain' || verb === 'resume')?.verb;
  const before = world.base === world.empty ? undefined : world.setup.present;
  world.draining = drained === undefined ? (before?.draining ?? false) : drained === 'drain';
  world.config = (last(({ type }) => type === 'configure')?.config ?? world.setup.config) as Config;
}

/** A journal that was lost and then not written to up to the end of a recovery says nothing. */
export function hasRecovered({ journal, base, empty, setup }: World): boolean {
  if (base !== empty && setup.present?.recovered) return true;
  return journal.some(({ event }) => event.type === 'recover' && event.last === true);
}

/** The journal is lost: a policy that has seen nothing. */
export function loseJournal(world: World): void {
  world.journal = [];
  world.base = world.empty;
  world.dying = '';
  world.kept = { state: world.base, events: 0 };
  world.mountpoints.clear();
  world.devs.clear();
  noteFault(world, 'damaged');
}
