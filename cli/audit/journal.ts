import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Learnt } from '../../host/directory.ts';
import { decodeEffects } from '../../host/frames/effect_frame.ts';
import { decodeEvent } from '../../host/frames/event_frame.ts';
import { takeUp } from '../../host/journal/base.ts';
import type { JournalRecord } from '../../host/journal/format.ts';
import { snapshotName } from '../../host/journal/journal_files.ts';
import { type Base, replay } from '../../host/journal/replay.ts';
import type { Segment } from '../../host/journal/segment_reader.ts';
import { isBad, readSnapshotFile } from '../../host/journal/snapshot_file.ts';
import { findTrace, policiesOf, segmentsOf, type Trace } from '../replay/trace.ts';
import { UsageError } from '../usage_error.ts';
import { createLearner } from './learn.ts';
import { type AuditRecord, createRecord } from './record.ts';

/** An isolator that goes on while its journal is read may take away a segment that was just listed: then it is listed anew. */
const TRIES = 5;

/**
 * What the journal of a state directory says, stepped again under the policies that decided. Nothing is written, set aside or locked. A
 * journal that has none yet says nothing. Throws {@link UsageError} when what is there cannot be trusted.
 */
export function readRecord(stateDir: string): AuditRecord {
  const directory = join(stateDir, 'journal');
  if (!existsSync(stateDir))
    throw new UsageError(`${stateDir}: there is no such state directory; name the one of the agent`);
  for (let tries = 1; ; tries += 1) {
    try {
      return stepAll(directory);
    } catch (error) {
      if (tries >= TRIES || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function stepAll(directory: string): AuditRecord {
  if (!existsSync(directory)) return createRecord();
  let trace: Trace;
  try {
    trace = findTrace(directory);
  } catch (error) {
    if (error instanceof UsageError) return createRecord();
    throw error;
  }
  const segments = [...segmentsOf(trace)];
  const policies = policiesOf(trace);
  const failures: string[] = [];
  // The further back, the more is known; where a snapshot is bad the next one may serve, as it does for the host.
  for (let first = 0; first < segments.length; first += 1) {
    const record = stepFrom(segments.slice(first), policies.find);
    if (typeof record !== 'string') return record;
    failures.push(record);
  }
  throw new UsageError(`${directory}: ${failures.join('; ')}`);
}

/** The record from the first of these segments on; a sentence when nothing leads there. */
function stepFrom(segments: Segment[], find: Parameters<typeof takeUp>[2]): AuditRecord | string {
  const learner = createLearner(createRecord());
  const [first] = segments as [Segment];
  // A segment of which not even the header is written follows on nothing.
  if (!first.header) return segments.length > 1 ? `${first.file} has no header` : createRecord();
  const before = first.header.events ?? 0;
  let base: Base | undefined;
  if (before > 0) {
    const number = Number.parseInt(basename(first.file), 10);
    const snapshot = readSnapshotFile(join(dirname(first.file), snapshotName(number)), number);
    if (isBad(snapshot)) return `${snapshotName(number)}: ${snapshot.why}`;
    const taken = takeUp(snapshot, segments, find);
    if (typeof taken === 'string') return `${snapshotName(number)}: ${taken}`;
    base = taken;
    learner.begin(snapshot.learnt as Learnt, taken.policy, snapshot.events, snapshot.wallMs);
  }
  let events = before;
  const replayed = replay(segments, {
    policyFor: find,
    base,
    stopAtDivergence: true,
    onStep(record, effects) {
      events += 1;
      take(record, effects, events);
    },
  });
  const { divergence } = replayed;
  if (divergence)
    return `event ${divergence.event} is decided differently from what was recorded: moorage replay tells what`;
  return learner.record;

  function take(record: JournalRecord, effects: Uint8Array, event: number): void {
    try {
      learner.event(decodeEvent(record.frame), decodeEffects(effects), { event, wallMs: record.wallMs });
    } catch {
      // The policy has answered it as unreadable, and so it tells nothing.
    }
  }
}
