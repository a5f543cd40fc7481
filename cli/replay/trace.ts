import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { segmentFiles, snapshotName } from '../../host/journal/journal_files.ts';
import { countEvents, readSegment, type Segment } from '../../host/journal/segment_reader.ts';
import { isBad, type JournalSnapshot, readSnapshotFile } from '../../host/journal/snapshot_file.ts';
import { loadPolicy, type Policy } from '../../host/policy/policy.ts';
import { openPolicyArchive } from '../../host/policy/policy_archive.ts';
import { PolicyError } from '../../host/policy/policy_error.ts';
import { buildFile } from '../build_files.ts';
import { UsageError } from '../usage_error.ts';

/** A journal directory, or one segment of it, that lies on disk. */
export interface Trace {
  /** As the operator named it. */
  name: string;
  /** Where its segments lie. */
  directory: string;
  /** Segments, in order; never none. */
  files: string[];
  /** Bytes of all segments. */
  size: number;
}

/** Finds the segments of a trace. Throws {@link UsageError} when there are none. */
export function findTrace(name: string): Trace {
  if (!existsSync(name))
    throw new UsageError(
      `${name}: there is no such journal; name a directory such as build/demo/state/journal`,
    );
  const isDirectory = statSync(name).isDirectory();
  const files = isDirectory ? segmentFiles(name) : [name];
  if (files.length === 0)
    throw new UsageError(
      `${name}: no segments (*.journal) in it; name the journal directory of a state directory`,
    );
  const size = files.reduce((sum, file) => sum + statSync(file).size, 0);
  return { name, directory: isDirectory ? name : dirname(name), files, size };
}

/** Each segment when its turn comes, so that one at a time is in memory. Throws {@link UsageError} at one that cannot be trusted. */
export function* segmentsOf({ files }: Trace): Generator<Segment, void, undefined> {
  let events: number | undefined;
  for (const file of files) {
    const segment = readSegment(file);
    const { damage, header } = segment;
    if (damage)
      throw new UsageError(
        `${file}: damaged at byte ${damage.offset}: ${damage.why}; refused, since what follows cannot be trusted`,
      );
    if (events !== undefined && header?.events !== undefined && header.events !== events)
      throw new UsageError(
        `${file}: follows on ${header.events} events, and there are ${events} before it: a segment is missing or too short`,
      );
    events = (events ?? header?.events ?? 0) + countEvents(segment);
    yield segment;
  }
}

/** The snapshot that stands for the segments that are no longer there; undefined when the first of all is. */
export function readBeginning({ name }: Trace, first: Segment): JournalSnapshot | undefined {
  if (!first.header?.events) return undefined;
  const number = Number.parseInt(basename(first.file), 10);
  const file = join(dirname(first.file), snapshotName(number));
  if (!existsSync(file))
    throw new UsageError(
      `${name}: begins with event ${first.header.events + 1}, and its snapshot ${file} is missing`,
    );
  const snapshot = readSnapshotFile(file, number);
  if (isBad(snapshot))
    throw new UsageError(`${file}: ${snapshot.why}; refused, since what follows cannot be trusted`);
  return snapshot;
}

/** The policies that decided in a journal, one instance for each digest. */
export function policiesOf({ directory }: Trace): { place: string; find(digest: string): Policy } {
  const place = join(directory, '..', 'policies');
  const archive = openPolicyArchive(place);
  let built: Policy | undefined;
  return {
    place,
    find(digest) {
      try {
        return archive.find(digest);
      } catch (error) {
        // The built policy is as good when it is the very same.
        built ??= loadBuilt();
        if (error instanceof PolicyError && built?.digest === digest) return built;
        throw error;
      }
    },
  };
}

function loadBuilt(): Policy | undefined {
  const file = buildFile('policy.wasm');
  return existsSync(file) ? loadPolicy(file) : undefined;
}
