import { decodeEffects } from '../../host/frames/effect_frame.ts';
import { takeUp } from '../../host/journal/base.ts';
import { replay } from '../../host/journal/replay.ts';
import type { Segment } from '../../host/journal/segment_reader.ts';
import type { Policy } from '../../host/policy/policy.ts';
import type { Present } from '../../simulator/present/present.ts';
import { readPresent } from '../../simulator/present/read.ts';
import { placeOf } from '../replay/event_place.ts';
import type { WhatIfResult } from '../replay/result.ts';
import { createTally } from '../replay/tally.ts';
import { findTrace, policiesOf, readBeginning, segmentsOf, type Trace } from '../replay/trace.ts';
import { createWhatIf } from '../replay/what_if.ts';
import { CheckError, UsageError } from '../usage_error.ts';
import { createInFlight, type InFlight } from './in_flight.ts';

/** What came of stepping a journal under another policy beside the one that decided. */
export interface Shadow {
  /** Events that were stepped, and the number of the first and the last of them. */
  events: number;
  first: number;
  last: number;
  segments: number;
  /** What the other one decides differently. */
  whatIf: WhatIfResult;
  /** The policy that decides at the end, in the state in which the journal ends. */
  deciding: Policy;
  /** The state at the end, for a simulation; or why there is none. */
  present: Present | string;
}

/** A journal that is written to may lose its oldest segment while it is read: then it is read anew, so often. */
const TRIES = 5;

/**
 * Steps the journal under both. It is only read, so an isolator may write to it: a record that is not whole at its end is left out. Throws a sentence
 * when the journal cannot be trusted, or its policies are missing.
 */
export function shadow(journal: string, start: () => Policy): Shadow {
  for (let tries = 1; ; tries += 1) {
    const trace = findTrace(journal);
    try {
      return follow(trace, start);
    } catch (error) {
      if (tries === TRIES || !isGone(trace)) throw error;
    }
  }
}

/** Whether the journal has lost a segment since it was listed. */
function isGone(trace: Trace): boolean {
  const now = new Set(findTrace(trace.name).files);
  return trace.files.some((file) => !now.has(file));
}

function follow(trace: Trace, start: () => Policy): Shadow {
  const reader = segmentsOf(trace);
  const first = reader.next().value as Segment;
  const { find } = policiesOf(trace);
  const snapshot = readBeginning(trace, first);
  const base = snapshot && takeUp(snapshot, [first], find);
  if (typeof base === 'string')
    throw new UsageError(
      `${trace.name}: the snapshot before segment ${snapshot?.segment}: ${base}; see: moorage replay`,
    );
  const asks = createWhatIf(start);
  if (base) asks.begin(base.policy);
  const tally = createTally();
  const inFlight = createInFlight();
  const before = base?.events ?? 0;
  let steps = 0;
  const boot = { id: '' };
  const result = replay(watching(first, reader, boot), {
    policyFor: find,
    base,
    stopAtDivergence: true,
    onStep({ frame, wallMs }, effects, policy) {
      steps += 1;
      inFlight.take(frame, decodeEffects(effects));
      const found = asks.ask(frame, effects, policy);
      if (found.length > 0) tally.take(placeOf(before + steps, frame, wallMs), found);
    },
  });
  if (result.divergence || !result.policy)
    throw new CheckError(
      `${trace.name}: the policy that decided does not decide so again (event ${result.divergence?.event ?? 0}), so nothing can be held against it; see: moorage replay ${trace.name}`,
    );
  return {
    events: steps,
    first: before + 1,
    last: before + steps,
    segments: trace.files.length,
    whatIf: tally.result(start(), asks.putBack()),
    deciding: result.policy,
    present: presentOf(result.policy, inFlight, snapshot?.lastCall ?? 0, boot.id),
  };
}

/** All segments, and which boot of the machine the last of them speaks of. */
function* watching(
  first: Segment,
  rest: Iterable<Segment>,
  boot: { id: string },
): Generator<Segment, void, undefined> {
  for (const segment of following(first, rest)) {
    boot.id = segment.header?.bootId ?? boot.id;
    for (const { run } of segment.records) boot.id = run?.bootId ?? boot.id;
    yield segment;
  }
}

function* following(first: Segment, rest: Iterable<Segment>): Generator<Segment, void, undefined> {
  yield first;
  yield* rest;
}

function presentOf(policy: Policy, inFlight: InFlight, lastCall: number, bootId: string): Present | string {
  const told = readPresent(policy);
  if (typeof told === 'string') return told;
  return {
    ...told,
    bootId,
    lastCall: Math.max(lastCall, inFlight.lastCall()),
    calls: inFlight.calls(),
    callsKnownFrom: inFlight.firstCall(),
    effects: inFlight.effects(),
  };
}
