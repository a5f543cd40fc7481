import type { Binding, Mount } from './binding.ts';
import type { Directory } from './directory.ts';
import { pack } from './frames/codec.ts';
import { encodeEffect } from './frames/effect_frame.ts';
import { decodeEvent, typeOf } from './frames/event_frame.ts';
import type { Event, RecoveredContainer, ReplyEffect } from './frames/types.ts';
import type { Isolator } from './isolator.ts';
import type { JournalState } from './journal/restored.ts';
import { POLICY_FAILED } from './set_aside.ts';
import { giveWay } from './swap/give_way.ts';

/** The number of `recover` in a frame. */
const RECOVER = 2;
const CLEANUP = 8;
/** What goes into one part; a frame takes more, with the names of the fields left out. */
const PART_BYTES = 160 * 1024;

export interface RecoveryParts {
  isolator: Isolator;
  binding: Binding;
  directory: Directory;
  journal: JournalState;
  bootId: string;
}

/** Completes the agent's `recover` with the state of the journal, the boot and the mount tables. */
export interface Recovery {
  /** True when the frame has been taken: a `recover`, or what came while one waits for a policy that can take it. */
  take(frame: Uint8Array, answer: (reply: Uint8Array) => void): boolean;
  /** Another policy decides: it is offered the recovery that no one before it could take. */
  again(): void;
}

export function createRecovery(parts: RecoveryParts): Recovery {
  const { isolator } = parts;
  /** No policy could take it. */
  let waiting: Uint8Array | undefined;
  /** Containers that ended while it waits. */
  let gone = new Set<string>();

  async function recover(frame: Uint8Array): Promise<ReplyEffect> {
    const event = decodeEvent(frame) as Event & { type: 'recover' };
    const table = await parts.binding.mountTable();
    isolator.watch.known(table);
    const mounts = ourMounts(table, parts.directory.root);
    const agents = new Set(table.map(place));
    const alive = (event.containers ?? []).filter(({ id }) => !gone.has(id));
    const containers = await Promise.all(
      alive.map((container) => withMounts(container, parts.binding, agents)),
    );
    const orphans = (event.orphans ?? []).filter((id) => !gone.has(id));
    const events = split({ ...event, orphans }, containers, mounts, parts);
    let reply = await offer(events);
    if (hasFailed(reply)) reply = await offer(events);
    while (hasFailed(reply) && (await giveWay(isolator, 'fails at the recovery')))
      reply = await offer(events);
    isolator.watch.settled();
    return reply;
  }

  async function offer(events: ReturnType<typeof split>): Promise<ReplyEffect> {
    let reply: ReplyEffect | undefined;
    for (const part of events) {
      reply = await isolator.ask(part);
      if (!reply.ok) break;
    }
    return reply as ReplyEffect;
  }

  /** The agent goes on all the same; new tasks are refused until a policy has heard of the running ones. */
  async function recoverOrWait(frame: Uint8Array): Promise<ReplyEffect> {
    const reply = await recover(frame);
    if (!hasFailed(reply)) {
      waiting = undefined;
      return reply;
    }
    waiting = frame;
    return { type: 'reply', call: reply.call, ok: true };
  }

  /** A cleanup never fails; it comes about with the recovery. */
  function takeEnd(frame: Uint8Array, answer: (reply: Uint8Array) => void): boolean {
    if (!waiting || typeOf(frame) !== CLEANUP) return false;
    try {
      gone.add((decodeEvent(frame) as Event & { type: 'cleanup' }).id);
    } catch {
      return false;
    }
    answer(encodeEffect({ type: 'reply', call: 0, ok: true }));
    return true;
  }

  return {
    take(frame, answer) {
      if (typeOf(frame) !== RECOVER) return takeEnd(frame, answer);
      gone = new Set();
      recoverOrWait(frame).then(
        (reply) => answer(encodeEffect(reply)),
        (error: Error) => answer(encodeEffect(refusal(error))),
      );
      return true;
    },
    again() {
      if (waiting) recoverOrWait(waiting).catch(() => undefined);
    },
  };
}

/** The policy failed at it, and another instance decides now. */
function hasFailed({ error }: ReplyEffect): boolean {
  return error?.code === POLICY_FAILED;
}

function refusal(error: Error): ReplyEffect {
  const hint = 'see the log of the agent';
  return {
    type: 'reply',
    call: 0,
    ok: false,
    error: { code: 'bad-frame', message: `recover: ${error.message}`, hint },
  };
}

/** A mount under the managed root; on older kernels one that is still being made ready there is not one yet. */
export function isBelowRoot(target: string, root: string): boolean {
  return target.startsWith(`${root}/`) && !target.startsWith(`${root}/.stage-`);
}

/** What lies under the managed root, and every other mount of the same file systems. */
export function ourMounts(table: readonly Mount[], root: string): Mount[] {
  const isManaged = (mount: Mount) => isBelowRoot(mount.target, root);
  const devs = new Set(table.filter(isManaged).map(({ dev }) => dev));
  const isOther = ({ dev, target }: Mount) =>
    devs.has(dev) && target !== root && !target.startsWith(`${root}/`);
  return table.filter((mount) => isManaged(mount) || isOther(mount));
}

/** A container with the mounts of its own process that are not copies of the agent's: proof of what it holds. */
async function withMounts(
  container: RecoveredContainer,
  binding: Binding,
  agents: ReadonlySet<string>,
): Promise<RecoveredContainer> {
  if (container.pid === undefined) return { ...container, mounts: [] };
  try {
    const table = await binding.mountTableOf(container.pid);
    return { ...container, mounts: table.filter((mount) => isOnDisk(mount) && !agents.has(place(mount))) };
  } catch {
    return { ...container, mounts: [] };
  }
}

function place({ dev, target }: Mount): string {
  return `${dev} ${target}`;
}

/** Kernel file systems hold no volume; without them a table is short. Their device numbers have major 0, and no source device. */
function isOnDisk({ dev, source, fstype }: Mount): boolean {
  return (
    !dev.startsWith('0:') || source.startsWith('/') || fstype.startsWith('fuse') || fstype.startsWith('nfs')
  );
}

/** The events of one recovery: each fits into a frame, the last one says that it is the last. */
function split(
  event: Event & { type: 'recover' },
  containers: RecoveredContainer[],
  mounts: Mount[],
  parts: RecoveryParts,
) {
  const fitting = containers.map((container) => fit(container, mounts));
  const groups: { containers: RecoveredContainer[]; orphans: string[]; mounts: Mount[] }[] = [];
  for (const group of bySize(fitting)) groups.push({ containers: group, orphans: [], mounts: [] });
  for (const group of bySize(event.orphans ?? []))
    groups.push({ containers: [], orphans: group, mounts: [] });
  for (const group of bySize(mounts)) groups.push({ containers: [], orphans: [], mounts: group });
  if (groups.length === 0) groups.push({ containers: [], orphans: [], mounts: [] });
  return groups.map((group, part) => ({
    type: 'recover',
    journal: parts.journal,
    bootId: parts.bootId,
    ...group,
    part,
    last: part === groups.length - 1,
  }));
}

/** Lists of at most PART_BYTES each, in order. */
function bySize<Item>(items: readonly Item[]): Item[][] {
  const groups: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const size = pack(item).length;
    if (size > room) {
      groups.push([]);
      room = PART_BYTES;
    }
    room -= size;
    groups.at(-1)?.push(item);
  }
  return groups;
}

/** Of a container with a very long mount table one mount of each file system that is also ours is kept, as far as they fit. */
function fit(container: RecoveredContainer, ours: readonly Mount[]): RecoveredContainer {
  if (pack(container).length <= PART_BYTES / 2) return container;
  const devs = new Set(ours.map(({ dev }) => dev));
  const seen = new Set<string>();
  const mounts = container.mounts.filter(({ dev }) => devs.has(dev) && !seen.has(dev) && seen.add(dev));
  let room = PART_BYTES / 2;
  return {
    ...container,
    mounts: mounts.filter((mount) => {
      room -= pack(mount).length;
      return room > 0;
    }),
  };
}
