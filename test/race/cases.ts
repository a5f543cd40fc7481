import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '../native_bench.ts';
import { type Field, TASK } from './field.ts';

const PATIENCE_MS = 5_000;

/** One case: what is done again and again, and what the attacker exchanges meanwhile. */
export interface RaceCase {
  title: string;
  /** Makes what is needed, and says what the attacker does. */
  arrange(field: Field): string[] | Promise<string[]>;
  /** One round; resolves with words when it did harm that is not to be seen outside. Rejects when it was refused. */
  round(field: Field): Promise<string | undefined>;
  /** Through the agent's supervisor: this path beneath the sandbox. */
  attach?: string;
}

/** What may come in the place of a directory. */
type Decoy = 'link out' | 'directory with a link out' | 'file' | 'fifo' | 'loop' | 'link up and out';

/** Makes a decoy beside the managed or container path, and gives the attacker's words. `name`: what is looked for in a directory. */
function exchanged(field: Field, base: string, path: string, decoy: Decoy, name = 'vol'): string[] {
  const other = join(base, 'decoy');
  // What lies in it keeps it from being removed as empty: the attacker would have nothing left to exchange.
  mkdirSync(join(base, path, 'keep'), { recursive: true });
  // A link to the last part leads to where it leads, one to its parent to what has the name there.
  const out = path.includes('/') ? join(field.outside, 'vol') : field.outside;
  if (decoy === 'link out') symlinkSync(out, other);
  if (decoy === 'link up and out') symlinkSync('../free/outside', other);
  if (decoy === 'loop') symlinkSync('decoy', other);
  if (decoy === 'file') writeFileSync(other, '');
  if (decoy === 'fifo') execFileSync('mkfifo', [other]);
  if (decoy === 'directory with a link out') {
    mkdirSync(other);
    symlinkSync(join(field.outside, 'vol'), join(other, name));
  }
  return ['exchange', join(base, path), other];
}

const targetOf = ({ root }: Field) => join(root, 'ebs', 'vol');

/**
 * As often as it takes: while the attacker sleeps, what he put in the place stays there. And a directory that he moved before it was mounted on
 * cannot be moved back any more: the mount is looked for then.
 */
async function takeAway(root: string, target: string, mountId: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const detach = (path: string) =>
    native.detach({ root, target: path, mountId }).then(
      ({ gone }) => !gone,
      () => false,
    );
  for (let tries = 1; performance.now() < end; tries++) {
    if (await detach(target)) return;
    if (tries % 50 !== 0) continue;
    const moved = (await native.mountTable()).find((mount) => mount.mountId === mountId)?.target;
    if (moved?.startsWith(`${root}/`) && (await detach(moved))) return;
    await sleep(1);
  }
  throw new Error(`${target} could not be taken away in ${PATIENCE_MS} ms`);
}

/** Binds, and takes it away again, however long the attacker makes that take. */
async function bindOnce(field: Field, source = join(field.driver, 'volume')): Promise<string | undefined> {
  const { root } = field;
  const target = targetOf(field);
  const { mountId, fstype } = await native.bind({ root, source, target, readonly: true, plainDirs: false });
  const harm = field.harm();
  await takeAway(root, target, mountId);
  if (fstype !== 'tmpfs') harm.push(`bound ${fstype}, which is not the volume`);
  return harm[0];
}

async function prepared(field: Field, words: (field: Field) => string[]): Promise<string[]> {
  await native.prepareRoot(field.root);
  return words(field);
}

function bindCase(what: string, path: string, decoy: Decoy): RaceCase {
  return {
    title: `bind, ${what} becomes a ${decoy}`,
    arrange: (field) => prepared(field, () => exchanged(field, field.root, path, decoy)),
    round: (field) => bindOnce(field),
  };
}

/** The number that is asked for is the foreign mount's: only the way there keeps it from being unmounted. */
async function detachForeign(field: Field): Promise<undefined> {
  const found = await native.pathMount(join(field.outside, 'vol'));
  await native.detach({ root: field.root, target: targetOf(field), mountId: found.mountId });
}

function detachCase(what: string, path: string, decoy: Decoy): RaceCase {
  return {
    title: `detach, ${what} becomes a ${decoy}`,
    arrange: (field) => prepared(field, () => exchanged(field, field.root, path, decoy)),
    round: detachForeign,
  };
}

function placeCase(what: string, path: string, decoy: Decoy, create = true, asked = 'a/vol/deep'): RaceCase {
  return {
    title: `place${create ? '' : ' of what exists'}, ${what} becomes a ${decoy}`,
    arrange: (field) => exchanged(field, field.sandbox, path, decoy),
    async round(field) {
      const owner = `${TASK}:${TASK}`;
      await native.place({ base: field.sandbox, paths: [asked], create, owner });
      return undefined;
    },
  };
}

function attachCase(what: string, path: string, decoy: Decoy): RaceCase {
  return {
    title: `attach in the sandbox, ${what} becomes a ${decoy}`,
    arrange: (field) => exchanged(field, field.sandbox, path, decoy),
    round: async () => undefined,
    attach: 'a/vol',
  };
}

export const CASES: readonly RaceCase[] = [
  bindCase('the parent', 'ebs', 'link out'),
  bindCase('the parent', 'ebs', 'directory with a link out'),
  bindCase('the parent', 'ebs', 'loop'),
  bindCase('the mount point', 'ebs/vol', 'link out'),
  bindCase('the mount point', 'ebs/vol', 'file'),
  bindCase('the mount point', 'ebs/vol', 'fifo'),
  {
    title: 'bind, a foreign mount comes and goes over the parent',
    arrange: (field) =>
      prepared(field, () => {
        mkdirSync(join(field.root, 'ebs', 'keep'), { recursive: true });
        return ['cover', join(field.root, 'ebs')];
      }),
    round: (field) => bindOnce(field),
  },
  {
    title: 'bind, the source becomes a directory of the machine',
    arrange: (field) =>
      prepared(field, () => {
        mkdirSync(join(field.driver, 'plain', 'of', 'volume'), { recursive: true });
        mkdirSync(join(field.driver, 'way'));
        symlinkSync(join(field.driver, 'volume'), join(field.driver, 'way', 'in'));
        mkdirSync(join(field.driver, 'other', 'in'), { recursive: true });
        return ['exchange', join(field.driver, 'way'), join(field.driver, 'other')];
      }),
    round: (field) => bindOnce(field, join(field.driver, 'way', 'in')),
  },
  {
    title: 'bind, the source becomes a link to the disk of the machine',
    arrange: (field) =>
      prepared(field, () => {
        symlinkSync(join(field.driver, 'volume'), join(field.driver, 'in'));
        symlinkSync('/usr', join(field.driver, 'other'));
        return ['exchange', join(field.driver, 'in'), join(field.driver, 'other')];
      }),
    round: (field) => bindOnce(field, join(field.driver, 'in')),
  },
  detachCase('the parent', 'ebs', 'link out'),
  detachCase('the parent', 'ebs', 'directory with a link out'),
  detachCase('the mount point', 'ebs/vol', 'link out'),
  detachCase('the parent', 'ebs', 'file'),
  detachCase('the mount point', 'ebs/vol', 'loop'),
  placeCase('the parent', 'a', 'link out'),
  placeCase('the parent', 'a', 'directory with a link out'),
  placeCase('the parent', 'a', 'link up and out'),
  placeCase('the parent', 'a', 'loop'),
  placeCase('the last part', 'a/vol', 'link out'),
  placeCase('the last part', 'a/vol', 'file'),
  placeCase('the last part', 'a/vol', 'fifo'),
  placeCase('the last part', 'a/vol', 'link out', false, 'a/vol'),
  attachCase('the parent', 'a', 'link out'),
  attachCase('the parent', 'a', 'directory with a link out'),
  attachCase('the parent', 'a', 'loop'),
  attachCase('the mount point', 'a/vol', 'link out'),
  attachCase('the mount point', 'a/vol', 'fifo'),
];
