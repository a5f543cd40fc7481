import { unpack } from '../host/frames/codec.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { Isolator } from '../host/isolator.ts';
import type { JournalWriter } from '../host/journal/journal_writer.ts';

export const config = {
  agentId: 'a1',
  root: '/m',
  defaultDriver: 'ebs',
  drivers: { ebs: { address: 'unix:///x' } },
};
export const recover = {
  type: 'recover',
  journal: 'new',
  bootId: 'boot-1',
  containers: [],
  orphans: [],
  mounts: [],
  part: 0,
  last: true,
};

/** A container with a volume of its own is prepared. */
export function prepare(isolator: Isolator, id: string): Promise<void> {
  const container = {
    id,
    labels: [['volume', `vol-${id}:data`]],
    env: [],
    volumes: [],
    resources: {},
    sandbox: `/s/${id}`,
  };
  return call(isolator, { type: 'prepare', container });
}

/** Containers that come and go, one after the other; `prepares` gets the milliseconds from each prepare to its answer. */
export async function live(
  isolator: Isolator,
  caller: number,
  lives: number,
  prepares: number[],
): Promise<void> {
  for (let i = 0; i < lives; i += 1) {
    const id = `c${caller}-${i}`;
    const begun = performance.now();
    await prepare(isolator, id);
    prepares.push(performance.now() - begun);
    await call(isolator, { type: 'cleanup', id });
  }
}

function call(isolator: Isolator, event: Record<string, unknown>): Promise<void> {
  return new Promise((done, refused) => {
    isolator.call(encodeEvent({ ...event, at: 0, call: 0 }), (frame) => {
      const reply = unpack(frame) as unknown[];
      if (reply[3] === true) done();
      else refused(new Error(`refused: ${JSON.stringify(reply)}`));
    });
  });
}

/** Counts, and keeps nothing. */
export function noJournal(): JournalWriter {
  let events = 0;
  return {
    file: () => '',
    append: () => {
      events += 1;
      return 0;
    },
    setAside: () => undefined,
    heir: () => undefined,
    noHeir: () => undefined,
    decidedBy: () => undefined,
    stepped: () => undefined,
    sync: async () => undefined,
    full: () => undefined,
    isLong: () => false,
    rotate: async () => undefined,
    counts: () => ({ events, syncs: 0, snapshots: 0 }),
    close: async () => undefined,
  };
}
