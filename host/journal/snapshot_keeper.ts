import type { JournalSnapshot } from './snapshot_file.ts';
import { prune, writeSnapshot } from './snapshot_writer.ts';

/** What a snapshot holds besides what the journal knows itself. */
export type Kept = Pick<JournalSnapshot, 'at' | 'lastCall' | 'learnt' | 'state'>;

/** Where a snapshot stands in the journal, and whose state it is. */
export type Place = Omit<JournalSnapshot, keyof Kept>;

/** Writes snapshots in the background, each when the segment behind it is durable. */
export interface SnapshotKeeper {
  /** `kept` may come later, or turn out to be nothing. Takes the place of one that still waits. */
  expect(place: Place, kept: Kept | Promise<Kept | undefined>): void;
  /** The segments are durable as far as they were written. */
  synced(): void;
  /** Resolves when nothing is being written. */
  settled(): Promise<void>;
}

export function createSnapshotKeeper(
  directory: string,
  onKept: () => void,
  onFailed: (error: Error) => void,
): SnapshotKeeper {
  let due: (() => Promise<void>) | undefined;
  let working: Promise<void> = Promise.resolve();

  async function keep(place: Place, coming: Kept | Promise<Kept | undefined>): Promise<void> {
    try {
      const kept = await coming;
      if (!kept) return;
      await writeSnapshot(directory, { ...kept, ...place });
      await prune(directory);
      onKept();
    } catch (error) {
      onFailed(error as Error);
    }
  }

  return {
    expect(place, kept) {
      due = () => keep(place, kept);
    },
    synced() {
      const work = due;
      due = undefined;
      if (work) working = working.then(work);
    },
    settled: () => working,
  };
}
