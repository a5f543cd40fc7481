import { decodeEffects } from '../../host/frames/effect_frame.ts';
import { takeUp } from '../../host/journal/base.ts';
import { type Divergence, replay } from '../../host/journal/replay.ts';
import type { Segment } from '../../host/journal/segment_reader.ts';
import { loadPolicy, type Policy } from '../../host/policy/policy.ts';
import { PolicyError } from '../../host/policy/policy_error.ts';
import { UsageError } from '../usage_error.ts';
import { shown } from './differences.ts';
import { eventOf, placeOf } from './event_place.ts';
import type { FirstDivergence, TraceResult } from './result.ts';
import { createTally } from './tally.ts';
import { findTrace, policiesOf, readBeginning, segmentsOf } from './trace.ts';
import { createWhatIf } from './what_if.ts';

/** Events between two words about the progress. */
const PROGRESS_EVENTS = 4096;

/** Steps one trace again. `onProgress` hears how many bytes of it are done. Throws UsageError or PolicyError when it cannot be replayed. */
export function replayTrace(
  name: string,
  policyFile: string | undefined,
  onProgress: (bytes: number, events: number) => void = () => undefined,
): TraceResult {
  const begun = performance.now();
  const trace = findTrace(name);
  const counts: Counts = { segments: 0, torn: 0, bytes: 0 };
  const reader = counted(segmentsOf(trace), counts);
  const first = reader.next().value as Segment;
  const other = policyFile === undefined ? undefined : loadPolicy(policyFile);
  const policies = policiesOf(trace);
  const isKnown = other === undefined || knows(policies.find, first.header?.policy, other);
  let chosen = '';
  const policyFor = (digest: string) => {
    chosen = digest;
    // Without the policy that decided there are only its digests, and they end with the first difference.
    return other && (digest === other.digest || !isKnown) ? other : policies.find(digest);
  };
  const snapshot = readBeginning(trace, first);
  const base = snapshot && takeUp(snapshot, [first], policyFor);
  if (typeof base === 'string')
    throw new UsageError(`${name}: the snapshot before segment ${snapshot?.segment}: ${base}`);
  const asks = policyFile !== undefined && isKnown ? createWhatIf(() => loadPolicy(policyFile)) : undefined;
  if (base) asks?.begin(base.policy);
  const tally = createTally();
  const last = { wallMs: 0, decided: '' };
  const before = base?.events ?? 0;
  let steps = 0;
  const result = replay(following(first, reader), {
    policyFor,
    base,
    stopAtDivergence: true,
    onStep(record, effects, policy) {
      last.wallMs = record.wallMs;
      last.decided = chosen;
      steps += 1;
      if (asks) {
        const found = asks.ask(record.frame, effects, policy);
        if (found.length > 0) tally.take(placeOf(before + steps, record.frame, record.wallMs), found);
      }
      if (steps % PROGRESS_EVENTS === 0) onProgress(counts.bytes + record.offset, steps);
    },
  });
  onProgress(trace.size, steps);
  const divergence = result.divergence && describe(result.divergence, last, result.policy?.digest ?? '');
  const whatIf = asks && other && tally.result(other, asks.putBack());
  return {
    trace: name,
    identical: !divergence && !whatIf?.events,
    events: result.events,
    segments: counts.segments,
    tornBytes: counts.torn,
    ms: performance.now() - begun,
    ...(divergence && { divergence }),
    ...(whatIf && { whatIf }),
  };
}

/** What has been read, for the progress and the result. */
interface Counts {
  segments: number;
  torn: number;
  /** Bytes of the segments that are done. */
  bytes: number;
}

function* counted(segments: Iterable<Segment>, counts: Counts): Generator<Segment, void, undefined> {
  for (const segment of segments) {
    counts.segments += 1;
    counts.torn += segment.size - segment.wholeSize;
    yield segment;
    counts.bytes += segment.size;
  }
}

function* following(first: Segment, rest: Iterable<Segment>): Generator<Segment, void, undefined> {
  yield first;
  yield* rest;
}

/** Whether the policy that decided first is there, so that another one can be held against it. */
function knows(find: (digest: string) => Policy, digest: string | undefined, other: Policy): boolean {
  if (digest === undefined || digest === other.digest) return true;
  try {
    find(digest);
    return true;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}

function describe(
  divergence: Divergence,
  { wallMs, decided }: { wallMs: number; decided: string },
  asked: string,
): FirstDivergence {
  const hex = (digest: number) => digest.toString(16).padStart(8, '0');
  return {
    ...placeOf(divergence.event, divergence.frame, wallMs),
    field: 'CRC-32C of the effects',
    recorded: hex(divergence.recorded),
    now: hex(divergence.decided),
    asked,
    decided,
    input: shown(eventOf(divergence.frame)),
    effects: shown(decodeEffects(divergence.effects)),
  };
}
