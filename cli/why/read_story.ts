import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEffects } from '../../host/frames/effect_frame.ts';
import { stampOf } from '../../host/frames/event_frame.ts';
import type { Event } from '../../host/frames/types.ts';
import { takeUp } from '../../host/journal/base.ts';
import { replay } from '../../host/journal/replay.ts';
import { readSegment, type Segment } from '../../host/journal/segment_reader.ts';
import type { Policy } from '../../host/policy/policy.ts';
import { eventOf } from '../replay/event_place.ts';
import { findTrace, policiesOf, readBeginning, type Trace } from '../replay/trace.ts';
import { UsageError } from '../usage_error.ts';
import { createConcerns } from './concerns.ts';
import type { Chapter, Named, Story } from './story.ts';
import type { Subject } from './subject.ts';

/** So many entries of the policy's status are read at a time; see assembly/state/status.ts for what the numbers mean. */
const ENTRIES = 500;
const VOLUMES = 1;
const CONTAINERS = 2;

/**
 * Steps a journal again, under the policies that decided, and keeps what concerns the subject. Only reads: the journal may be one that is being
 * written. Throws UsageError or PolicyError when it cannot be stepped.
 */
export function readStory(stateDir: string, subject: Subject): Story {
  const journal = join(stateDir, 'journal');
  if (!existsSync(journal))
    throw new UsageError(
      `${stateDir}: there is no journal in it; name the isolator's state directory with --state`,
    );
  const trace = findTrace(journal);
  const notes: string[] = [];
  const segments = soundSegments(trace, notes);
  const [first] = segments as [Segment];
  const policies = policiesOf(trace);
  const snapshot = readBeginning(trace, first);
  const base = snapshot && takeUp(snapshot, [first], policies.find);
  if (typeof base === 'string') throw new UsageError(`${journal}: its first snapshot: ${base}`);
  const pruned = base?.events ?? 0;
  const concerns = createConcerns(subject);
  const chapters: Chapter[] = [];
  let number = pruned;
  const result = replay(segments, {
    policyFor: policies.find,
    base,
    stopAtDivergence: true,
    onStep({ frame, wallMs }, effects) {
      number += 1;
      const event = eventOf(frame) as unknown as Event;
      const chapter = concerns.take({
        number,
        wallMs,
        at: stampOf(frame).at,
        event,
        effects: decodeEffects(effects),
      });
      const late = concerns.late();
      chapters.push(...late);
      if (chapter && !late.includes(chapter)) chapters.push(chapter);
    },
    onAside({ frame, wallMs, reason = '' }) {
      const event = eventOf(frame) as unknown as Event;
      const chapter = concerns.take({ number: 0, wallMs, at: stampOf(frame).at, event, effects: [] });
      if (chapter) chapters.push({ ...chapter, setAside: reason });
    },
  });
  if (result.divergence)
    notes.push(
      `from event ${result.divergence.event} on the journal is decided differently from what was recorded; nothing after it is told: moorage replay ${journal}`,
    );
  return {
    chapters: ofItsOwn(inOrder(chapters)),
    events: number - pruned,
    pruned,
    known: concerns.known,
    now: result.policy ? present(result.policy, subject) : [],
    notes,
  };
}

/** What was found late has its place before what was found at once. */
function inOrder(chapters: Chapter[]): Chapter[] {
  return chapters
    .map((chapter, at) => ({ chapter, at }))
    .sort((left, right) => left.chapter.at - right.chapter.at || order(left, right))
    .map(({ chapter }) => chapter);
}

/** What concerns everything is told only between the first and the last that concerns the subject above all. */
function ofItsOwn(chapters: Chapter[]): Chapter[] {
  const own = chapters.map(({ isGeneral }) => !isGeneral);
  return chapters.slice(Math.max(0, own.indexOf(true)), own.lastIndexOf(true) + 1);
}

interface Placed {
  chapter: Chapter;
  at: number;
}

function order(left: Placed, right: Placed): number {
  if (left.chapter.number === 0 || right.chapter.number === 0) return left.at - right.at;
  return left.chapter.number - right.chapter.number;
}

/** The segments up to what cannot be trusted. */
function soundSegments({ files, name }: Trace, notes: string[]): Segment[] {
  const segments: Segment[] = [];
  for (const file of files) {
    const segment = readSegment(file);
    if (segment.damage) {
      notes.push(
        `${file}: damaged at byte ${segment.damage.offset}: ${segment.damage.why}; nothing after it is told`,
      );
      if (segment.header) segments.push(segment);
      break;
    }
    segments.push(segment);
  }
  if (segments.length === 0) throw new UsageError(`${name}: nothing in it can be read; ${notes.join('; ')}`);
  return segments;
}

/** What the policy says of it at the end of the journal. */
function present(policy: Policy, subject: Subject): Named[] {
  return [
    ...entries(policy, VOLUMES).filter(({ driver, name }) => subject.isVolume(`${driver}/${name}`)),
    ...entries(policy, CONTAINERS).filter(({ id }) => subject.isContainer(String(id))),
  ];
}

function entries(policy: Policy, what: number): Named[] {
  const all: Named[] = [];
  for (;;) {
    const piece = policy.status(what, Number(all.at(-1)?.seq ?? 0), ENTRIES) as Named[] | undefined;
    if (!piece || piece.length === 0) return all;
    all.push(...piece);
  }
}
