import { createAlarm } from './alarm.ts';
import type { Binding } from './binding.ts';
import { createClock } from './clock.ts';
import { createDeciding, type Decision } from './deciding.ts';
import type { DirectoryKeeper } from './directory.ts';
import { perform } from './effects/perform.ts';
import { encodeEffect } from './frames/effect_frame.ts';
import { decodeEvent, encodeEvent, nameOf, stamp, typeOf } from './frames/event_frame.ts';
import { FRAME_MAX } from './frames/schema.ts';
import type { Effect, Event, ReplyEffect, WorkEffect } from './frames/types.ts';
import type { JournalWriter } from './journal/journal_writer.ts';
import type { Log } from './log.ts';
import type { Meter } from './meter.ts';
import type { Policy } from './policy/policy.ts';
import { PolicyError } from './policy/policy_error.ts';
import { aftermathOf, POLICY_FAILED } from './set_aside.ts';

export interface IsolatorParts {
  binding: Binding;
  policy: Policy;
  /** A fresh instance of the same policy, which follows the one that decides; without it a policy that fails is fatal. */
  startFollower?: (() => Policy) | undefined;
  journal: JournalWriter;
  directory: DirectoryKeeper;
  /** The last time of the journal. */
  startAt: number;
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
  /** Resolves when nothing is under way, or after `timeoutMs`. */
  idle(timeoutMs: number): Promise<void>;
  /** Asks an instance of the policy without changing its state. */
  read<Result>(question: (policy: Policy) => Result): Result;
  /** How it stands. */
  report(): IsolatorReport;
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

interface Waiting {
  frame: Uint8Array;
  answer: ((reply: ReplyEffect) => void) | undefined;
  /** It stands in the place of an event that was set aside. */
  again?: boolean;
  /** Hears whether the policy has decided it, or failed. */
  decided?: ((ok: boolean) => void) | undefined;
}

const BAD_FRAME: ReplyEffect = {
  type: 'reply',
  call: 0,
  ok: false,
  error: {
    code: 'bad-frame',
    message: 'not an event frame of schema 1',
    hint: 'build frames with the headers of this version',
  },
};

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

/** What a driver answered does not fit into a frame: the effect failed. */
function tooLarge(event: Record<string, unknown>): Record<string, unknown> {
  const error = { code: 'too-large', message: 'the answer is larger than a frame', kind: 'timeout' };
  return { type: event.type, effect: event.effect, ok: false, error };
}

/** What touches nothing outside of the agent. */
function isAnswer({ type }: Effect): boolean {
  return type === 'reply' || type === 'alert' || type === 'limit';
}

const NOT_RECOVERED: ReplyEffect = {
  type: 'reply',
  call: 0,
  ok: false,
  error: {
    code: 'not-recovered',
    message: 'this host has not heard of the running containers yet',
    hint: 'send recover first, and wait for its answer',
  },
};

/** The number of `prepare` in a frame: what could not be journaled to its end is not begun. */
const PREPARE = 4;

function noRoom(why: string): ReplyEffect {
  return {
    type: 'reply',
    call: 0,
    ok: false,
    error: {
      code: 'storage',
      message: `the journal has no room for another task: ${why}`,
      hint: 'make room on the file system of the state directory; tasks are taken again by themselves',
    },
  };
}

export function createIsolator(parts: IsolatorParts): Isolator {
  const { binding, journal, directory, log } = parts;
  const clock = createClock(parts.startAt);
  const alarm = createAlarm(clock, () => tell({ type: 'tick' }));
  const deciding = createDeciding({
    policy: parts.policy,
    startFollower: parts.startFollower,
    onDiverged: (message) => alert('diverged', message),
    onAlone: (message) => alert('no-follower', `${message}; a policy that fails now ends this host`),
  });
  const answers = new Map<number, (reply: ReplyEffect) => void>();
  const idlers = new Set<() => void>();
  let queue: Waiting[] = [];
  let draining = false;
  let inFlight = 0;
  let nextCall = parts.nextCall;
  let lastAt = parts.startAt;
  let closed = false;
  /** Before the recovery nothing is touched: it voids whatever was decided until then. */
  let recovered = false;

  function submit(
    frame: Uint8Array,
    answer?: (reply: ReplyEffect) => void,
    decided?: Waiting['decided'],
  ): void {
    if (closed) return;
    queue.push({ frame, answer, decided });
    if (!draining) void drain();
  }

  /** Events that came together share one sync of the journal; their effects begin after it. */
  async function drain(): Promise<void> {
    draining = true;
    try {
      while (queue.length > 0 && !closed) {
        const batch = queue;
        queue = [];
        const effects = batch.flatMap(decide);
        await journal.sync();
        if (closed) break;
        for (const effect of effects) begin(effect);
        tend(deciding.rest);
        if (journal.isLong()) await turn();
      }
    } catch (error) {
      if (!closed) parts.fatal(error as Error);
      closed = true;
    }
    draining = false;
    wakeIdlers();
  }

  /** The next segment of the journal begins, with a snapshot; not while a recovery is coming in: then there is none. */
  async function turn(): Promise<void> {
    const state = tend(deciding.snapshot);
    if (state) await journal.rotate({ state, at: lastAt, lastCall: nextCall - 1, learnt: directory.keep() });
  }

  /** What the policy does between two events; one that fails at it is replaced. */
  function tend<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      alert(POLICY_FAILED, `${error.message}; a second instance takes over`);
      deciding.takeOver(error);
      return undefined;
    }
  }

  function decide(waiting: Waiting): Effect[] {
    const { frame, answer } = waiting;
    lastAt = clock.now();
    if (answer) {
      stamp(frame, lastAt, nextCall);
      answers.set(nextCall, answer);
      nextCall += 1;
    } else stamp(frame, lastAt);
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
    parts.meter?.decided(nameOf(frame), performance.now() - begun, decision.turns);
    journal.stepped(decision.frame);
    const { effects } = decision;
    const event = readEvent(frame);
    if (event) directory.learn(event, effects, wallMs);
    recovered ||= event !== undefined && endsRecovery(event, effects);
    waiting.decided?.(true);
    return recovered ? effects : effects.filter(isAnswer);
  }

  /** The instance that failed is dropped, the one that followed goes on as if this event had never been. */
  function setAside({ frame, again = false }: Waiting, why: PolicyError): Effect[] {
    journal.setAside(frame, why.message);
    alert(POLICY_FAILED, `event ${nameOf(frame)} is set aside: ${why.message}; a second instance takes over`);
    deciding.takeOver(why);
    const { reply, instead } = aftermathOf(frame, again);
    if (instead) {
      const answer = 'call' in instead ? () => undefined : undefined;
      queue.unshift({ frame: encodeEvent({ ...instead, at: 0 }), answer, again: true });
    }
    return reply ? [reply] : [];
  }

  function begin(effect: Effect): void {
    if (effect.type === 'reply') reply(effect);
    else if (effect.type === 'wake') alarm.set(effect.at);
    else if (effect.type === 'limit' || effect.type === 'alert') tellCaller(effect);
    else void work(effect);
  }

  function reply(effect: ReplyEffect): void {
    const answer = answers.get(effect.call);
    answers.delete(effect.call);
    answer?.(effect);
  }

  function tellCaller(effect: Effect & { type: 'limit' | 'alert' }): void {
    if (effect.type === 'alert') log(effect.level, `${effect.code}: ${effect.message}`);
    else log('error', `container ${effect.id} is limited: ${effect.reason}`);
    parts.notice(encodeEffect(effect));
  }

  function alert(code: string, message: string): void {
    tellCaller({ type: 'alert', level: 'error', code, message });
  }

  async function work(effect: WorkEffect): Promise<void> {
    inFlight += 1;
    const begun = performance.now();
    const outcome = await perform(effect, binding, directory.directory);
    inFlight -= 1;
    parts.meter?.performed(effect, outcome, performance.now() - begun);
    tell({ type: 'done', effect: effect.effect, ...outcome });
    wakeIdlers();
  }

  function tell(event: Record<string, unknown>): void {
    const frame = encodeEvent({ ...event, at: 0 });
    submit(frame.length > FRAME_MAX ? encodeEvent({ ...tooLarge(event), at: 0 }) : frame);
  }

  function isIdle(): boolean {
    return closed || (queue.length === 0 && !draining && inFlight === 0);
  }

  function wakeIdlers(): void {
    if (!isIdle()) return;
    for (const wake of idlers) wake();
    idlers.clear();
  }

  /** Resolves with whether the policy has decided it. */
  function decideAlone(event: Record<string, unknown>, isLast: boolean): Promise<boolean> {
    return new Promise((resolve) => {
      submit(encodeEvent({ ...event, at: 0 }), undefined, (ok) => {
        recovered ||= ok && isLast;
        resolve(ok);
      });
    });
  }

  return {
    call(frame, answer) {
      const type = typeOf(frame);
      if (type === 0 || frame.length > FRAME_MAX) answer(encodeEffect(BAD_FRAME));
      else if (!recovered) answer(encodeEffect(NOT_RECOVERED));
      else if (type === PREPARE && journal.full() !== undefined)
        answer(encodeEffect(noRoom(journal.full() as string)));
      else submit(frame, (reply) => answer(encodeEffect(reply)));
    },
    ask: (event) => new Promise((resolve) => submit(encodeEvent({ ...event, at: 0, call: 0 }), resolve)),
    tell,
    async restart(events) {
      const decided = await Promise.all(
        events.map((event, i) => decideAlone(event, i === events.length - 1)),
      );
      return decided.every((ok) => ok);
    },
    recovered: () => recovered,
    idle: (timeoutMs) =>
      new Promise((resolve) => {
        if (isIdle()) return resolve();
        const timer = setTimeout(resolve, timeoutMs);
        idlers.add(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
    read: deciding.read,
    report: () => ({ at: clock.now(), recovered, waiting: queue.length, inFlight, lag: deciding.lag() }),
    async close() {
      if (closed) return;
      closed = true;
      alarm.set(0);
      deciding.stop();
      await journal.close();
    },
  };
}
