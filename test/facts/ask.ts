import { unpack } from '../../host/frames/codec.ts';
import { decodeEffects } from '../../host/frames/effect_frame.ts';
import { encodeEvent } from '../../host/frames/event_frame.ts';
import type { Effect } from '../../host/frames/types.ts';
import type { Policy } from '../../host/policy/policy.ts';
import { createWorld } from '../world.ts';
import {
  AT,
  type Cell,
  callOf,
  compose,
  idOf,
  LAST_OF_QUARANTINE,
  LEAVER,
  NOW,
  nameOf,
  PAUSED_UNTIL,
  volumeField,
} from './snapshot.ts';

const BATCH = 1000;
const CONFIG = {
  agentId: 'a1',
  root: '/m',
  drivers: { ebs: { create: true }, never: { mountNeverCreates: true } },
  defaultDriver: 'ebs',
};

/** What the policy does in each cell, in words: composes the state, has the volume looked at, and reads what comes out and what has changed. */
export function ask(cells: readonly Cell[]): string[] {
  const { policy } = createWorld({ config: CONFIG });
  const fresh = policy.snapshot() as Uint8Array;
  const answers: string[] = [];
  // Volumes that wait for the end of a quarantine need one that does not end.
  for (const unclaimed of [false, true]) {
    const chosen = [...cells.keys()].filter((at) => (cells[at]?.want.unclaimed === true) === unclaimed);
    for (let from = 0; from < chosen.length; from += BATCH) {
      const batch = chosen.slice(from, from + BATCH);
      policy.restore(fresh);
      const said = askBatch(
        policy,
        batch.map((at) => cells[at] as Cell),
      );
      batch.forEach((at, index) => {
        answers[at] = said[index] as string;
      });
    }
  }
  return answers;
}

function askBatch(policy: Policy, cells: readonly Cell[]): string[] {
  policy.restore(compose(policy, cells));
  const id = cells.some(({ want }) => want.unclaimed) ? LEAVER : LAST_OF_QUARANTINE;
  const effects = decodeEffects(policy.step(encodeEvent({ type: 'cleanup', at: NOW, call: 1, id })));
  const words = cells.map((): string[] => []);
  const users = usersOf(cells);
  for (const effect of effects) {
    const index = indexOf(effect, users);
    if (index !== undefined) words[index]?.push(wordFor(effect, cells[index] as Cell, index));
  }
  const after = volumesOf(policy);
  return cells.map((cell, index) => {
    const all = [...(words[index] as string[]), ...changeOf(cell, after.get(nameOf(index)))];
    return all.length > 0 ? all.join(', ') : '–';
  });
}

/** Calls and container ids to the cell they belong to. */
function usersOf(cells: readonly Cell[]): Map<string | number, number> {
  const users = new Map<string | number, number>();
  cells.forEach(({ want }, index) => {
    want.users.forEach((_, at) => {
      users.set(callOf(index, at), index).set(idOf(index, at), index);
    });
  });
  return users;
}

function indexOf(effect: Effect, users: Map<string | number, number>): number | undefined {
  if (effect.type === 'driver' || effect.type === 'observe') return Number(effect.name.slice(1));
  if (effect.type === 'bind' || effect.type === 'detach') return Number(/v(\d+)$/.exec(effect.target)?.[1]);
  if (effect.type === 'reply') return users.get(effect.call);
  if (effect.type === 'place' || effect.type === 'limit') return users.get(effect.id);
  return undefined;
}

function wordFor(effect: Effect, { want }: Cell, index: number): string {
  if (effect.type === 'driver') return effect.op;
  if (effect.type === 'observe') return effect.witness ? 'observe with witness' : 'observe';
  if (effect.type === 'bind') return effect.readonly ? 'bind ro' : 'bind rw';
  if (effect.type === 'detach') return effect.target.includes('/.ro/') ? 'detach ro' : 'detach rw';
  if (effect.type === 'place') return 'place';
  if (effect.type === 'limit') return 'limit';
  const waiter = want.users.findIndex(
    (_, at) => effect.type === 'reply' && effect.call === callOf(index, at),
  );
  if (effect.type === 'reply' && waiter >= 0) return effect.ok ? 'reply' : 'refuse';
  throw new Error(`nothing says what ${JSON.stringify(effect)} means for a volume`);
}

function volumesOf(policy: Policy): Map<unknown, unknown[]> {
  const whole = unpack(policy.snapshot() as Uint8Array) as unknown[][][];
  return new Map((whole[AT.volumes] as unknown[][]).map((volume) => [volume[volumeField('name')], volume]));
}

/** What has changed without an effect: the record is gone, or a time has been set. */
function changeOf({ facts }: Cell, after: unknown[] | undefined): string[] {
  if (!after) return ['forget'];
  const retryAt = after[volumeField('retryAt')];
  if (retryAt === 0 || retryAt === (facts.pause === 'yes' ? PAUSED_UNTIL : 0)) return [];
  if (facts.settling === 'yes' && retryAt === after[volumeField('settleAt')]) return ['wait for the mount'];
  if (retryAt === after[volumeField('vanishAt')]) return ['wait for the unmount'];
  return ['try later'];
}
