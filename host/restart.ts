import type { Binding, Mount } from './binding.ts';
import { pack } from './frames/codec.ts';
import type { Isolator } from './isolator.ts';
import type { Restored } from './journal/restored.ts';
import { ourMounts } from './recovery.ts';
import { StartError } from './start_error.ts';
import { giveWay } from './swap/give_way.ts';

/** What goes into one event; a frame takes more, with the names of the fields left out. */
const PART_BYTES = 160 * 1024;

export interface RestartParts {
  isolator: Isolator;
  binding: Binding;
  /** The managed root. */
  root: string;
  bootId: string;
  stateDir: string;
  past: Pick<Restored, 'state'>;
}

/**
 * Only the host died: in place of the agent's `recover` the policy hears `restart`, with the mounts as they are now. Then the isolator counts
 * as recovered. Throws {@link StartError} when the journal does not know the containers any more: those that run are the agent's to name.
 */
export async function tellRestart({
  isolator,
  binding,
  root,
  bootId,
  stateDir,
  past,
}: RestartParts): Promise<void> {
  if (past.state !== 'whole')
    throw new StartError(
      `state directory ${stateDir}: its journal is ${past.state}, so this host does not know which containers run; restart the agent, which tells it`,
    );
  const table = await binding.mountTable();
  isolator.watch.known(table);
  const mounts = ourMounts(table, root);
  const events = parts(mounts).map((part) => ({ type: 'restart', bootId, mounts: part }));
  let told = await isolator.restart(events);
  while (!told && (await giveWay(isolator, 'fails at the restart of its host')))
    told = await isolator.restart(events);
  isolator.watch.settled();
  if (!told)
    throw new StartError(
      'the policy fails at the restart of its host, and no policy of this journal can take its place; the alert policy-failed says at what',
    );
}

/**
 * Each fits into an event. The policy takes several one after the other as if the host had died several times; it compares the mounts of one
 * file system with each other, so they stay together as far as that goes.
 */
function parts(mounts: readonly Mount[]): Mount[][] {
  const sorted = [...mounts].sort((a, b) => (a.dev < b.dev ? -1 : a.dev > b.dev ? 1 : 0));
  const groups: Mount[][] = [[]];
  let room = PART_BYTES;
  for (const mount of sorted) {
    room -= pack(mount).length;
    if (room < 0) {
      groups.push([]);
      room = PART_BYTES - pack(mount).length;
    }
    groups.at(-1)?.push(mount);
  }
  return groups;
}
