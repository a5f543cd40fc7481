import type { Deciding, Decision } from './deciding.ts';
import type { DirectoryKeeper } from './directory.ts';
import { decodeEvent, encodeEvent, nameOf, stamp } from './frames/event_frame.ts';
import type { Effect, Event, ReplyEffect } from './frames/types.ts';
import type { JournalWriter } from './journal/journal_writer.ts';
import type { Meter } from './meter.ts';
import type { Outgoing } from './outgoing.ts';
import { PolicyError } from './policy/policy_error.ts';
import type { Failing } from './swap/failing.ts';
import type { WaitingEvent } from './turns.ts';

export interface EventTurnParts {
  journal: JournalWriter;
  deciding: Deciding;
  failing: Failing;
  directory: DirectoryKeeper;
  out: Outgoing;
  meter: Meter | undefined;
  /** Calls are numbered from here. */
  nextCall: number;
  /** Time for an event that is decided now. */
  now(): number;
  /** What is to be decided in the place of an event that was set aside, before all that waits. */
  instead(event: WaitingEvent<ReplyEffect>): void;
}

/** What one event does: it is stamped and journaled, the policy steps, and what came of it is remembered. */
export interface EventTurn {
  decide(waiting: WaitingEvent<ReplyEffect>): Effect[];
  /** Before the recovery nothing is touched: it voids whatever was decided until then. */
  allowed(effects: Effect[]): Effect[];
  /** What runs is known. */
  recovered(): boolean;
  /** It was told in other words than `recover`. */
  hasRecovered(): void;
  /** The number of the last call. */
  lastCall(): number;
}

export function createEventTurn(parts: EventTurnParts): EventTurn {
  const { journal, deciding, failing, directory, out, meter, now } = parts;
  let { nextCall } = parts;
  let recovered = false;

  function decide(waiting: WaitingEvent<ReplyEffect>): Effect[] {
    const { frame, answer } = waiting;
    if (answer) {
      stamp(frame, now(), nextCall);
      out.expect(nextCall, answer);
      nextCall += 1;
    } else stamp(frame, now());
    const wallMs = journal.append(frame);
    let decision: Decision;
    const begun = performance.now();
    try {
      decision = deciding.step(frame, journal.counts().events);
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      waiting.decided?.(false);
      return setAside(waiting, error);
    }
    meter?.decided(nameOf(frame), performance.now() - begun, decision.turns);
    journal.stepped(decision.frame);
    const { effects } = decision;
    const event = readEvent(frame);
    if (event) directory.learn(event, effects, wallMs);
    recovered ||= event !== undefined && endsRecovery(event, effects);
    waiting.decided?.(true);
    return effects;
  }

  /** The instance that failed is dropped, the one that followed goes on as if this event had never been. */
  function setAside({ frame, tries = 0 }: WaitingEvent<ReplyEffect>, why: PolicyError): Effect[] {
    const { reply, effects, instead } = failing.at(frame, tries, why);
    if (instead) {
      const answer = 'call' in instead.event ? () => undefined : undefined;
      parts.instead({ frame: encodeEvent({ ...instead.event, at: 0 }), answer, tries: instead.tries });
    }
    return reply ? [reply, ...effects] : effects;
  }

  return {
    decide,
    allowed: (effects) => (recovered ? effects : effects.filter(isAnswer)),
    recovered: () => recovered,
    hasRecovered() {
      recovered = true;
    },
    lastCall: () => nextCall - 1,
  };
}

/** The event of a frame; undefined when the policy has answered it as unreadable. */
function readEvent(frame: Uint8Array): Event | undefined {
  try {
    return decodeEvent(frame);
  } catch {
    return undefined;
  }
}

function endsRecovery(event: Event, effects: readonly Effect[]): boolean {
  return (
    event.type === 'recover' && event.last && effects.some((effect) => effect.type === 'reply' && effect.ok)
  );
}

/** What touches nothing outside of the agent. */
function isAnswer({ type }: Effect): boolean {
  return type === 'reply' || type === 'alert' || type === 'limit';
}
