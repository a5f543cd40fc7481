import { createAlarm } from './alarm.ts';
import type { Binding } from './binding.ts';
import { createClock } from './clock.ts';
import { createDeciding, type Deciding } from './deciding.ts';
import type { DirectoryKeeper } from './directory.ts';
import { createEventTurn } from './event_turn.ts';
import { encodeEffect } from './frames/effect_frame.ts';
import { encodeEvent, typeOf } from './frames/event_frame.ts';
import { FRAME_MAX } from './frames/schema.ts';
import type { Effect, ReplyEffect } from './frames/types.ts';
import { createIdlers } from './idlers.ts';
import type { JournalWriter } from './journal/journal_writer.ts';
import { type Tenure, withTenures } from './journal/tenures.ts';
import type { Log } from './log.ts';
import { createLostWatch, type LostWatch } from './lost_watch.ts';
import type { Meter } from './meter.ts';
import { createOutgoing } from './outgoing.ts';
import type { Policy } from './policy/policy.ts';
import { PolicyError } from './policy/policy_error.ts';
import { BAD_FRAME, NOT_RECOVERED, noRoom, tooLarge } from './refusals.ts';
import { type Changeover, createChangeover } from './swap/changeover.ts';
import { createFailing, type Failing } from './swap/failing.ts';
import { createHeldTime } from './swap/held_time.ts';
import { createTurns } from './turns.ts';

export interface IsolatorParts {
  binding: Binding;
  policy: Policy;
  /** A fresh instance of the policy with that digest; without it nothing follows the one that decides, and one that fails is fatal. */
  start?: ((digest: string) => Policy) | undefined;
  /** The policies that have decided in this journal. */
  tenures?: readonly Tenure[] | undefined;
  journal: JournalWriter;
  directory: DirectoryKeeper;
  /** The last time of the journal. */
  startAt: number;
  /** The time of the last event in it that was decided. */
  lastAt?: number | undefined;
  /** The policy has just taken the state over from another one. */
  owesWake?: boolean;
  /** Calls are numbered from here: a number of an earlier run is never given again. */
  nextCall: number;
  log: Log;
  /** Hears what is to be counted. */
  meter?: Meter | undefined;
  /** A `limit` or `alert` frame for the embedding program. */
  notice(frame: Uint8Array): void;
  /** The journal or the policy failed: the host cannot go on. */
  fatal(error: Error): void;
}

/** The loop: an event is journaled, the policy steps, its effects are performed, and each of them ends as an event. */
export interface Isolator {
  /** One event frame of a caller; `answer` gets the reply frame, once. The frame is written to. */
  call(frame: Uint8Array, answer: (reply: Uint8Array) => void): void;
  /** The same with an event in people's form; resolves with the reply. */
  ask(event: Record<string, unknown>): Promise<ReplyEffect>;
  /** An event that nobody waits for. */
  tell(event: Record<string, unknown>): void;
  /** The events of a host that comes back alone; with the last of them it is recovered. False when the policy failed at one. */
  restart(events: Record<string, unknown>[]): Promise<boolean>;
  /** What runs is known, by `recover` or `restart`: calls are taken, and effects performed. */
  recovered(): boolean;
  /**
   * Runs `work` between two events, in its turn. What it journals is durable, and its effects begun, when the promise resolves; it rejects with what
   * `work` throws.
   */
  inTurn(work: () => Effect[]): Promise<void>;
  readonly deciding: Deciding;
  readonly change: Changeover;
  readonly failing: Failing;
  readonly watch: LostWatch;
  /** Resolves when nothing is under way, or after `timeoutMs`. */
  idle(timeoutMs: number): Promise<void>;
  /** Asks an instance of the policy without changing its state. */
  read<Result>(question: (policy: Policy) => Result): Result;
  /** How it stands. */
  report(): IsolatorReport;
  isClosed(): boolean;
  /** Takes nothing more; ends the journal in order. */
  close(): Promise<void>;
}

export interface IsolatorReport {
  /** The policy's time, milliseconds. */
  at: number;
  /** Since the recovery was answered ok, effects are performed and calls taken. */
  recovered: boolean;
  /** Events that wait to be decided, effects that are under way. */
  waiting: number;
  inFlight: number;
  /** Events that the follower has still to step; undefined without one. */
  lag: number | undefined;
}

/** A follower that has no state yet is none. */
function lagOf(deciding: Deciding): number | undefined {
  const lag = deciding.follower()?.lag();
  return lag === Number.POSITIVE_INFINITY ? undefined : lag;
}

/** The number of `prepare` in a frame. */
const PREPARE = 4;

export function createIsolator(parts: IsolatorParts): Isolator {
  const { binding, journal, directory, log, notice, start, meter } = parts;
  const clock = createClock(parts.startAt);
  const tick = () => tell({ type: 'tick' });
  const time = createHeldTime(clock, tick);
  const alarm = createAlarm(clock, tick);
  const watch = createLostWatch({ binding, directory: directory.directory, tell, log });
  const out = createOutgoing({
    binding,
    directory: directory.directory,
    alarm,
    log,
    watch,
    notice,
    meter,
    ended,
  });
  const deciding = createDeciding({
    policy: parts.policy,
    at: parts.lastAt ?? 0,
    owesWake: parts.owesWake ?? false,
    start,
    onDiverged: (message) => out.alert('error', 'diverged', message),
    onAlone: (message) =>
      out.alert('error', 'no-follower', `${message}; a policy that fails now ends this host`),
  });
  const tenures = parts.tenures ?? [{ digest: parts.policy.digest, since: 1 }];
  const change = createChangeover({
    deciding,
    journal,
    start,
    tenures,
    now: time.now,
    onChange: (isByHand) => failing.changed(isByHand),
  });
  const failing = createFailing({ deciding, journal, change, time, alert: out.alert });
  const turn = createEventTurn({
    ...parts,
    meter,
    deciding,
    failing,
    out,
    now: time.now,
    instead: (event) => turns.takeFirst(event),
  });
  const turns = createTurns<ReplyEffect>({
    decide: turn.decide,
    allowed: turn.allowed,
    sync: journal.sync,
    begin: out.begin,
    between,
    quiet: () => idlers.look(),
    fatal: parts.fatal,
  });
  const idlers = createIdlers(() => turns.isClosed() || (!turns.isBusy() && out.inFlight() === 0));

  async function between(): Promise<void> {
    tend(deciding.rest);
    if (journal.isLong()) await rotate();
  }

  /** The next segment of the journal begins, with a snapshot; not while a recovery is coming in: then there is none. */
  async function rotate(): Promise<void> {
    const photo = tend(deciding.photograph);
    if (!photo) return;
    const { at, state } = photo;
    const learnt = withTenures(directory.keep(), change.tenures());
    const lastCall = turn.lastCall();
    await journal.rotate(state.then((bytes) => bytes && { state: bytes, at, lastCall, learnt }));
  }

  /** What the policy does between two events; one that fails at it is replaced. */
  function tend<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      failing.between(error);
      return undefined;
    }
  }

  function ended(event: Record<string, unknown>): void {
    tell(event);
    idlers.look();
  }

  function tell(event: Record<string, unknown>): void {
    const frame = encodeEvent({ ...event, at: 0 });
    const taken = frame.length > FRAME_MAX ? encodeEvent({ ...tooLarge(event), at: 0 }) : frame;
    turns.take({ frame: taken, answer: undefined });
  }

  /** Resolves with whether the policy has decided it. */
  function decideAlone(event: Record<string, unknown>, isLast: boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const decided = (ok: boolean) => {
        if (ok && isLast) turn.hasRecovered();
        resolve(ok);
      };
      turns.take({ frame: encodeEvent({ ...event, at: 0 }), answer: undefined, decided });
    });
  }

  // From the first event on there is somebody to take over.
  tend(deciding.rest);
  return {
    call(frame, answer) {
      const type = typeOf(frame);
      const full = journal.full();
      if (type === 0 || frame.length > FRAME_MAX) answer(encodeEffect(BAD_FRAME));
      else if (!turn.recovered()) answer(encodeEffect(NOT_RECOVERED));
      else if (type === PREPARE && full !== undefined) answer(encodeEffect(noRoom(full)));
      else turns.take({ frame, answer: (reply) => answer(encodeEffect(reply)) });
    },
    ask: (event) =>
      new Promise((answer) => turns.take({ frame: encodeEvent({ ...event, at: 0, call: 0 }), answer })),
    tell,
    async restart(events) {
      for (const [index, event] of events.entries())
        if (!(await decideAlone(event, index === events.length - 1))) return false;
      return true;
    },
    recovered: turn.recovered,
    inTurn: turns.inTurn,
    deciding,
    change,
    failing,
    watch,
    read: deciding.read,
    report: () => ({
      at: time.now(),
      recovered: turn.recovered(),
      waiting: turns.waiting(),
      inFlight: out.inFlight(),
      lag: lagOf(deciding),
    }),
    isClosed: turns.isClosed,
    idle: idlers.wait,
    async close() {
      if (turns.isClosed()) return;
      alarm.set(0);
      watch.close();
      time.release();
      deciding.stop();
      turns.close();
      await journal.close();
    },
  };
}
