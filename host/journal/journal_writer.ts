import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from './crc32c.ts';
import { encodeAside, encodeBegin, encodeHeader, encodeHeir, encodeRecord, type Run } from './format.ts';
import { segmentName } from './journal_files.ts';
import { openMark } from './mark_file.ts';
import { type Allocate, createRoom, isNoRoom, type Room } from './room.ts';
import { createSegmentFile, reopenSegmentFile, type SegmentFile } from './segment_file.ts';
import { createSnapshotKeeper, type Kept } from './snapshot_keeper.ts';

/** Appends events. What `append` took is durable when the next `sync` has resolved. */
export interface JournalWriter {
  /** The segment that is being written. */
  file(): string;
  /** Returns the wall time of its record, milliseconds. */
  append(frame: Uint8Array): number;
  /** `effects` are those of the step of this very frame; their digest goes into the record after it. */
  stepped(effects: Uint8Array): void;
  /** The policy failed at the frame that was just appended: its record says so from now on, and that it is no event. */
  setAside(frame: Uint8Array, reason: string): void;
  /** A second policy, of that digest, has been given the state of here, and hears every event from now on. */
  heir(policy: string): void;
  /** There is no such policy any more. */
  noHeir(): void;
  /** The policy of that digest has decided the event that was just appended, and decides all that come. */
  decidedBy(policy: string): void;
  /** On a full disk it waits until there is room; rejects when the disk fails otherwise, or the journal is closed. */
  sync(): Promise<void>;
  /** Why nothing that can wait should be begun; undefined while there is room. */
  full(): string | undefined;
  /** The segment has become so long that the next one should begin; not while there is an heir, whose state is in no snapshot. */
  isLong(): boolean;
  /**
   * Begins the next segment, with a snapshot of the state that all events so far have led to, which may be made later. To be called after
   * `sync`.
   */
  rotate(kept: Kept | Promise<Kept | undefined>): Promise<void>;
  counts(): Counts;
  /** Ends the journal in order: the last step's digest is kept too. Written at once; resolves when no file is open any more. */
  close(): Promise<void>;
}

export interface Counts {
  /** Events since the first of the journal. */
  events: number;
  /** Since this host began; a snapshot counts when what it makes needless is gone. */
  syncs: number;
  snapshots: number;
}

export interface JournalSizes {
  /** A segment longer than this is followed by another. */
  segmentBytes: number;
  /** Kept free behind the end of a segment for what must be written on a full disk. */
  reserveBytes: number;
  /** Room is reserved so much at a time. */
  chunkBytes: number;
  /** On a full disk it is tried again after so long. */
  retryMs: number;
}

export interface JournalOptions {
  directory: string;
  run: Run;
  /** Where the journal ends: in segment `number`, in which `size` bytes are good, or, with no `size`, just before it. */
  end: { number: number; size: number | undefined };
  events: number;
  /** CRC-32C of the effects of the last step. */
  effectsBefore: number;
  sizes?: Partial<JournalSizes>;
  allocate?: Allocate | undefined;
  /** Told when the disk is full (why), when it no longer is (undefined). */
  onFull?(why: string | undefined): void;
  /** A snapshot could not be written; the journal goes on without. */
  onSnapshotFailed?(error: Error): void;
}

const SIZES: JournalSizes = {
  segmentBytes: 8 * 1024 * 1024,
  reserveBytes: 4 * 1024 * 1024,
  chunkBytes: 4 * 1024 * 1024,
  retryMs: 1000,
};

/** Goes on in the last segment of a journal, or in a new one. What it writes first is durable with the first `sync`. */
export function continueJournal(options: JournalOptions): JournalWriter {
  const { directory, allocate } = options;
  const sizes = { ...SIZES, ...options.sizes };
  const pathOf = (number: number) => join(directory, segmentName(number));
  const { number, size } = options.end;
  const counts: Counts = { events: options.events, syncs: 0, snapshots: 0 };
  let { run, effectsBefore: digest } = options;
  let segment =
    size === undefined
      ? createSegmentFile(pathOf(number), number)
      : reopenSegmentFile(pathOf(number), number, size);
  segment.add(size === undefined ? header() : encodeBegin(digest, Date.now(), run));
  const mark = openMark(directory);
  let room = createRoom(allocate, sizes);
  let longAt = sizes.segmentBytes;
  let why: string | undefined;
  let looking: Promise<void> | undefined;
  let syncing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let hasHeir = false;
  const snapshots = createSnapshotKeeper(
    directory,
    () => {
      counts.snapshots += 1;
    },
    (error) => options.onSnapshotFailed?.(error),
  );

  function header(): Buffer {
    return encodeHeader({ ...run, wallMs: Date.now(), events: counts.events });
  }

  function setFull(reason: string | undefined): void {
    if ((why === undefined) !== (reason === undefined)) options.onFull?.(reason);
    why = reason;
  }

  /** Reserves ahead of the writing; while there is no room, again and again. */
  function lookAhead(): void {
    if (closed) return;
    looking ??= room.ensure(segment.fd, segment.size()).then((reason) => {
      looking = undefined;
      if (closed) return;
      setFull(reason);
      clearTimeout(timer);
      if (reason === undefined) return;
      timer = setTimeout(lookAhead, sizes.retryMs);
      timer.unref();
    });
  }

  /** Writes what was taken; waits while even the reserve is used up. */
  async function write(): Promise<void> {
    for (;;) {
      if (closed) throw new Error(`journal ${segment.file}: is closed`);
      try {
        return segment.write();
      } catch (error) {
        if (!isNoRoom(error)) throw error;
        setFull((error as Error).message);
      }
      await new Promise((resolve) => setTimeout(resolve, sizes.retryMs));
    }
  }

  /** The next segment, with room reserved; undefined when there is none. */
  async function next(): Promise<{ file: SegmentFile; room: Room } | undefined> {
    const made = createSegmentFile(pathOf(segment.number + 1), segment.number + 1);
    const roomOfIt = createRoom(allocate, sizes);
    try {
      const reason = await roomOfIt.ensure(made.fd, 0);
      made.add(header());
      if (reason === undefined) made.write();
      if (reason === undefined && !closed) return { file: made, room: roomOfIt };
    } catch (error) {
      if (!isNoRoom(error)) throw error;
    }
    made.close();
    unlinkSync(made.file);
    return undefined;
  }

  return {
    file: () => segment.file,
    append(frame) {
      const wallMs = Date.now();
      segment.add(encodeRecord(digest, wallMs, frame));
      counts.events += 1;
      return wallMs;
    },
    stepped: (effects) => {
      digest = crc32c(effects);
    },
    setAside(frame, reason) {
      segment.takeBack();
      segment.add(encodeAside(digest, Date.now(), frame, reason));
      counts.events -= 1;
    },
    heir(policy) {
      segment.add(encodeHeir(digest, Date.now(), policy));
      hasHeir = true;
    },
    noHeir() {
      if (hasHeir) segment.add(encodeHeir(digest, Date.now(), ''));
      hasHeir = false;
    },
    decidedBy(policy) {
      run = { ...run, policy };
      hasHeir = false;
    },
    async sync() {
      await write();
      const written = { number: segment.number, size: segment.size() };
      syncing = segment.sync();
      await syncing;
      mark.write(written);
      counts.syncs += 1;
      // Only a segment that is there for sure may have a snapshot before it.
      snapshots.synced();
      lookAhead();
    },
    full: () => why,
    isLong: () => segment.size() >= longAt && why === undefined && !hasHeir,
    async rotate(kept) {
      await looking;
      const other = await next();
      if (!other) {
        longAt = segment.size() + sizes.segmentBytes;
        return;
      }
      segment.trim();
      segment.close();
      segment = other.file;
      room = other.room;
      longAt = sizes.segmentBytes;
      const { abi, policy } = run;
      const { events } = counts;
      const place = {
        abi,
        policy,
        segment: segment.number,
        wallMs: Date.now(),
        events,
        effectsBefore: digest,
      };
      snapshots.expect(place, kept);
    },
    counts: () => ({ ...counts }),
    async close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      segment.add(encodeRecord(digest, Date.now(), new Uint8Array(0)));
      try {
        segment.write();
      } catch (error) {
        // Without its seal a journal is as whole as after a crash.
        if (!isNoRoom(error)) throw error;
      }
      // Nobody may get the number of a descriptor that is still in use, and who reads the journal next finds it at rest.
      await Promise.allSettled([looking, syncing, snapshots.settled()]);
      segment.close();
      mark.close();
    },
  };
}
