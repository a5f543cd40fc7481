import { startPortable } from '../../../portable/policy.ts';
import { eventSource } from '../../policy_events.ts';
import { random } from '../../random.ts';

/** What the policy without a fault answered to random events; the same events are given to those with one. */
export interface Record {
  scenarios: { frame: Uint8Array; effects: Uint8Array; restored: boolean }[][];
}

/** Where a policy first answered otherwise. */
export interface Difference {
  scenario: number;
  event: number;
  /** The event, hex. */
  frame: string;
  what: string;
}

const EVENTS = 250;

/** Steps a policy through so many random scenarios and keeps events and answers. Now and then it is restored from its own snapshot. */
export function recordAnswers(file: string, scenarios: number): Record {
  const record: Record = { scenarios: [] };
  for (let seed = 1; seed <= scenarios; seed++) {
    const policy = startPortable(file);
    const dice = random(seed);
    const source = eventSource(dice);
    record.scenarios.push(
      Array.from({ length: EVENTS }, () => {
        const frame = source.next();
        const effects = policy.step(frame);
        source.hear(effects);
        const snapshot = dice(60) === 0 ? policy.snapshot() : undefined;
        if (snapshot) policy.restore(snapshot);
        return { frame, effects, restored: snapshot !== undefined };
      }),
    );
  }
  return record;
}

/** Whether a policy answers as recorded; what it keeps to itself does not count. `before` is called before each scenario. */
export function compareAnswers(
  file: string,
  { scenarios }: Record,
  before: () => void,
): Difference | undefined {
  for (const [scenario, events] of scenarios.entries()) {
    before();
    const policy = startPortable(file);
    for (const [event, { frame, effects, restored }] of events.entries()) {
      const part = (what: string): Difference => ({
        scenario,
        event,
        frame: Buffer.from(frame).toString('hex'),
        what,
      });
      try {
        const answer = policy.step(frame);
        if (Buffer.compare(answer, effects) !== 0) return part('another answer');
        const snapshot = restored ? policy.snapshot() : undefined;
        if (snapshot) policy.restore(snapshot);
      } catch (error) {
        return part((error as Error).message);
      }
    }
  }
  return undefined;
}
