import type { Effect } from './frames/types.ts';
import { PolicyError } from './policy/policy_error.ts';

/** An event that waits to be decided. */
export interface WaitingEvent<Answer> {
  frame: Uint8Array;
  answer: ((reply: Answer) => void) | undefined;
  /** So often it has been offered before, itself or what it stands for. */
  tries?: number;
  /** Hears whether the policy has decided it, or failed. */
  decided?: ((ok: boolean) => void) | undefined;
}

/** Work between two events. */
interface WaitingWork {
  work(): Effect[];
  done(error?: Error): void;
}

export interface TurnsParts<Answer> {
  decide(event: WaitingEvent<Answer>): Effect[];
  /** Of the effects of one turn those that may begin, as things are when it was decided. */
  allowed(effects: Effect[]): Effect[];
  /** Makes durable what the turns have journaled. */
  sync(): Promise<void>;
  begin(effect: Effect): void;
  /** Between two batches. */
  between(): Promise<void> | void;
  /** Nothing waits any more. */
  quiet(): void;
  /** Something threw: no turn comes any more. */
  fatal(error: Error): void;
}

/** One thing after the other: events are decided, and work is done between them, in the order in which they came. */
export interface Turns<Answer> {
  take(event: WaitingEvent<Answer>): void;
  /** Before all that waits. */
  takeFirst(event: WaitingEvent<Answer>): void;
  /**
   * Runs `work` between two events, in its turn. What it journals is durable, and its effects begun, when the promise resolves; it rejects with what
   * `work` throws.
   */
  inTurn(work: () => Effect[]): Promise<void>;
  /** So many wait for their turn. */
  waiting(): number;
  isBusy(): boolean;
  isClosed(): boolean;
  /** No turn comes any more: waiting work is told so. */
  close(): void;
}

export function createTurns<Answer>(parts: TurnsParts<Answer>): Turns<Answer> {
  let queue: (WaitingEvent<Answer> | WaitingWork)[] = [];
  let draining = false;
  let closed = false;

  function wait(waiting: WaitingEvent<Answer> | WaitingWork): void {
    queue.push(waiting);
    if (!draining) void drain();
  }

  /** What came together shares one sync; its effects begin after it. */
  async function drain(): Promise<void> {
    draining = true;
    try {
      while (queue.length > 0 && !closed) {
        const batch = takeBatch();
        const effects = batch.flatMap(turn);
        await parts.sync();
        if (closed) break;
        for (const effect of effects) parts.begin(effect);
        for (const waiting of batch) if ('work' in waiting) waiting.done();
        await parts.between();
      }
    } catch (error) {
      if (!closed) parts.fatal(error as Error);
      close();
    }
    draining = false;
    parts.quiet();
  }

  /** Another policy decides nothing before it is durable that it does. */
  function takeBatch(): typeof queue {
    const end = queue.findIndex((waiting) => 'work' in waiting);
    return queue.splice(0, end < 0 ? queue.length : end + 1);
  }

  function turn(waiting: (typeof queue)[number]): Effect[] {
    return parts.allowed('work' in waiting ? doWork(waiting) : parts.decide(waiting));
  }

  function doWork(waiting: WaitingWork): Effect[] {
    try {
      return waiting.work();
    } catch (error) {
      waiting.done(error as Error);
      return [];
    }
  }

  function close(): void {
    closed = true;
    for (const waiting of queue) if ('work' in waiting) waiting.done(isEnding());
    queue = [];
  }

  return {
    take(event) {
      if (!closed) wait(event);
    },
    takeFirst: (event) => queue.unshift(event),
    inTurn: (work) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(isEnding());
        wait({ work, done: (error) => (error ? reject(error) : resolve()) });
      }),
    waiting: () => queue.length,
    isBusy: () => draining || queue.length > 0,
    isClosed: () => closed,
    close,
  };
}

function isEnding(): PolicyError {
  return new PolicyError('the host is ending');
}
