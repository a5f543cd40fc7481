import type { Difference } from './compared.ts';

/** What the judge of operator faults is told when it starts. */
export interface Task {
  /** For its own files. */
  folder: string;
  /** The bundles of operators/bundle.ts. */
  policy: string;
  reaching: string;
  /** Scenarios of the simulator for those that no test finds. */
  runs: number;
  /** Random scenarios for those that the simulator does not find either. */
  scenarios: number;
  /** Faults that are listed with a reason, for which all was asked when they were: now quick tests and random events are. */
  brief: readonly number[];
  /** From a judge before, when it had to be stopped. */
  survey?: Survey;
}

/** How the policy without a fault does. */
export interface Survey {
  tests: SurveyedTest[];
  /** A byte for each fault: reached by the simulator's scenarios. */
  simulated: Uint8Array;
  /** How often calls and loops turned in each of them. */
  turns: number[];
  /** The same for the random scenarios. */
  compared: Uint8Array;
  mostTurns: number;
}

export interface SurveyedTest {
  name: string;
  ms: number;
  turns: number;
  reached: Uint8Array;
}

export type KilledBy = 'test' | 'simulator';

/** What became of one fault. */
export interface Verdict {
  id: number;
  killedBy?: KilledBy;
  /** The test, or the rule of the simulator. */
  detail: string;
  /** Events stepped until then, in that test or in all scenarios until then. */
  events: number;
  /** Nobody found it: where it answers otherwise than the policy without it. */
  difference?: Difference;
  ms: number;
}

/** What a judge says. */
export type Said =
  | { type: 'survey'; survey: Survey }
  | { type: 'ready' }
  | { type: 'begin'; id: number; what: string }
  | { type: 'verdict'; verdict: Verdict }
  /** All are judged, and without a fault all tests still pass. */
  | { type: 'sound' };
