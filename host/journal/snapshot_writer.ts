import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listJournal, segmentName, snapshotName } from './journal_files.ts';
import { syncDirectory } from './segment_file.ts';
import { encodeSnapshot, type JournalSnapshot } from './snapshot_file.ts';

/** Of as many the records after them are kept. */
const KEPT = 2;

/** Writes a snapshot aside, makes it durable, and gives it its name: it is there as a whole or not at all. */
export async function writeSnapshot(directory: string, snapshot: JournalSnapshot): Promise<void> {
  const file = join(directory, snapshotName(snapshot.segment));
  const aside = `${file}.new`;
  try {
    const handle = await open(aside, 'w', 0o600);
    try {
      await handle.writeFile(encodeSnapshot(snapshot));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncDirectory(directory);
}

/** Removes the snapshots before the two newest, and the segments that only those needed. */
export async function prune(directory: string): Promise<void> {
  const { segments, snapshots } = listJournal(directory);
  const kept = snapshots.slice(-KEPT);
  const first = kept[0];
  if (first === undefined || kept.length < KEPT) return;
  const gone = [
    ...snapshots.filter((number) => number < first).map(snapshotName),
    ...segments.filter((number) => number < first).map(segmentName),
  ];
  for (const name of gone) await rm(join(directory, name), { force: true });
}
