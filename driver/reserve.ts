import { open, rm, stat } from 'node:fs/promises';
import { codeOf } from './errors.ts';
import { reserveBytesMin } from './limits.ts';

/**
 * A file of the size that the state may have, given up when the disk is full: without it nobody could remove a volume to make room, or end the use
 * of one, for both are written down first.
 */
export interface Reserve {
  /** Sees that there is room for a state of so many bytes. That there is none is no error: it is tried again with the next state. */
  keep(stateBytes: number): Promise<void>;
  /** Gives the room away. */
  release(): Promise<void>;
}

export function makeReserve(path: string): Reserve {
  let heldBytes: number | undefined;

  async function keep(stateBytes: number): Promise<void> {
    heldBytes ??= await sizeOf(path);
    if (heldBytes >= stateBytes && heldBytes > 0) return;
    const wanted = Math.max(reserveBytesMin, 2 * stateBytes);
    try {
      await fill(path, wanted);
      heldBytes = wanted;
    } catch {
      await release().catch(() => undefined);
    }
  }

  async function release(): Promise<void> {
    heldBytes = 0;
    await rm(path, { force: true });
  }

  return { keep, release };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Written, not only long: a sparse file holds no room. */
async function fill(path: string, bytes: number): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(Buffer.alloc(bytes));
    await handle.sync();
  } finally {
    await handle.close();
  }
}
