import { startPortable } from '../../../portable/policy.ts';
import { collected } from './collect.ts';
import { compareAnswers, recordAnswers } from './compared.ts';
import type { Survey, SurveyedTest, Task } from './protocol.ts';
import { policiesOf, simulate } from './simulated.ts';
import { subject } from './subject.ts';
import { loadSwitched } from './switched.ts';

/** Runs everything without a fault: what reaches which places, how long it takes and how often it turns. Throws when something fails. */
export async function makeSurvey({ reaching, runs, scenarios }: Task, file: string): Promise<Survey> {
  const policy = loadSwitched(reaching);
  subject.instantiate = policy.instantiate;
  const anew = () => policy.allow(Number.POSITIVE_INFINITY);
  const tests: SurveyedTest[] = [];
  for (const { name, run } of collected) {
    const begun = performance.now();
    anew();
    await passing(name, run);
    const ms = performance.now() - begun;
    tests.push({ name, ms, turns: policy.turns(), reached: policy.takeReached() });
  }

  const turns: number[] = [];
  const broken = simulate(
    policiesOf(() => startPortable(file)),
    runs,
    anew,
    () => turns.push(policy.turns()),
  );
  if (broken) throw new Error(`without any fault the simulator finds ${broken.rule} in run ${broken.runs}`);
  const simulated = policy.takeReached();

  const record = recordAnswers(file, scenarios);
  anew();
  const difference = compareAnswers(file, record, () => {});
  if (difference) throw new Error(`without any fault the policy answers otherwise: ${difference.what}`);
  return { tests, simulated, turns, compared: policy.takeReached(), mostTurns: policy.turns() };
}

async function passing(name: string, run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    throw new Error(`without any fault the test "${name}" fails: ${(error as Error).message}`);
  }
}
