import type { Deciding } from '../deciding.ts';
import { nameOf } from '../frames/event_frame.ts';
import type { Effect, ReplyEffect } from '../frames/types.ts';
import type { JournalWriter } from '../journal/journal_writer.ts';
import type { PolicyError } from '../policy/policy_error.ts';
import { aftermathOf, POLICY_FAILED, TRIES_MAX } from '../set_aside.ts';
import type { Changeover } from './changeover.ts';
import { createFailures, FAILURES_MAX } from './failures.ts';
import type { HeldTime } from './held_time.ts';

export interface FailingParts {
  deciding: Deciding;
  journal: JournalWriter;
  change: Changeover;
  time: HeldTime;
  alert(level: 'info' | 'warn' | 'error', code: string, message: string): void;
}

/** What is left to do after an event that the policy failed at. */
export interface Remains {
  reply: ReplyEffect | undefined;
  /** Of another policy that took over. */
  effects: Effect[];
  /** To be decided next, in its place. */
  instead: { event: Record<string, unknown>; tries: number } | undefined;
}

/** What happens when a policy fails: the follower takes over; when it fails again and again, the policy that decided before. */
export interface Failing {
  /** It failed at the event that was just appended, which had been offered `tries` times before. Throws when nobody can go on. */
  at(frame: Uint8Array, tries: number, why: PolicyError): Remains;
  /** It failed between two events. */
  between(why: PolicyError): void;
  /** The policy that decided before takes over, where there is one that can. */
  giveWay(why: string): Effect[] | undefined;
  /** Time stands still at the last event: nothing falls due that the policy would fail at. */
  holdTime(): void;
  /** Another policy decides. `isOnProbation`: it goes back at its first failure. */
  changed(isOnProbation: boolean): void;
  /** So many events were set aside. */
  total(): number;
}

export function createFailing({ deciding, journal, change, time, alert }: FailingParts): Failing {
  const failures = createFailures();
  let isTold = false;

  function failedAt(event: string, why: PolicyError): void {
    alert('error', POLICY_FAILED, `${event}: ${why.message}; a second instance takes over`);
    deciding.takeOver(why);
  }

  function giveWay(why: string): Effect[] | undefined {
    const { name, version, digest } = deciding.now();
    const short = digest.slice(0, 12);
    const effects = change.back((other, reason) =>
      alert('warn', 'policy-refused', `policy ${other.slice(0, 12)} cannot decide again: ${reason}`),
    );
    if (effects) {
      const now = deciding.now();
      alert(
        'error',
        'policy-replaced',
        `policy ${name} ${version} (${short}) ${why}; ${now.name} ${now.version} (${now.digest.slice(0, 12)}), which decided before it, decides again from event ${journal.counts().events} on; mend the policy, then: moorage policy swap FILE --apply`,
      );
    } else if (!isTold) {
      isTold = true;
      alert(
        'error',
        'policy-failing',
        `policy ${name} ${version} (${short}) ${why}, and there is no other that could decide; put a better one in its place: moorage policy swap FILE --apply`,
      );
    }
    return effects;
  }

  function holdTime(): void {
    if (!time.isHeld())
      alert(
        'error',
        'policy-timers-held',
        `policy ${deciding.now().name} fails at what is due: its time stands still, calls are answered, and nothing is tried again or given up; it is asked again each minute`,
      );
    time.hold(deciding.lastAt());
  }

  return {
    at(frame, tries, why) {
      journal.setAside(frame, why.message);
      failedAt(`event ${nameOf(frame)} is set aside`, why);
      const isTooOften = failures.failed(journal.counts().events, performance.now());
      const effects = isTooOften
        ? giveWay(`failed ${FAILURES_MAX} times in a row, or soon after it was swapped in`)
        : undefined;
      const { reply, instead } = aftermathOf(frame, effects !== undefined || tries + 1 < TRIES_MAX);
      if (!instead && nameOf(frame) === 'tick') holdTime();
      return {
        reply,
        effects: effects ?? [],
        instead: instead && { event: instead, tries: effects ? 0 : tries + 1 },
      };
    },
    between: (why) => failedAt('between two events', why),
    giveWay,
    holdTime,
    changed(isOnProbation) {
      failures.changed(journal.counts().events, isOnProbation);
      time.release();
      isTold = false;
    },
    total: failures.total,
  };
}
