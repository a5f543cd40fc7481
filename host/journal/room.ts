import type { NativeError } from '../binding.ts';

/** Reserves room on the disk for bytes of an open file, its size unchanged; rejects with a {@link NativeError}. */
export type Allocate = (request: { fd: number; offset: number; length: number }) => Promise<void>;

export interface RoomSizes {
  /** Always kept free for what must be written on a full disk. */
  reserveBytes: number;
  /** Reserved beyond that at a time. */
  chunkBytes: number;
}

/** The room that is reserved behind the end of a segment. */
export interface Room {
  /** Reserves more when little is left. Returns why there is not enough, or undefined. Never throws. */
  ensure(fd: number, size: number): Promise<string | undefined>;
}

/** The file system is full, or the quota is used up. */
export function isNoRoom(error: unknown): boolean {
  const { code } = error as Partial<NativeError>;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Of one segment. A file system that cannot reserve has room until a write says otherwise. */
export function createRoom(allocate: Allocate | undefined, { reserveBytes, chunkBytes }: RoomSizes): Room {
  let reservedTo = 0;
  let able = allocate;
  return {
    async ensure(fd, size) {
      if (!able || reservedTo - size >= reserveBytes) return undefined;
      const length = reserveBytes + chunkBytes;
      try {
        await able({ fd, offset: size, length });
        reservedTo = size + length;
        return undefined;
      } catch (error) {
        if (isNoRoom(error)) return (error as Error).message;
        able = undefined;
        return undefined;
      }
    },
  };
}
