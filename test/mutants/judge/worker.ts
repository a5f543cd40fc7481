/** The thread that holds operator faults against tests and simulator, one after the other. operators/run.ts starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import { collected } from './collect.ts';
import { compareAnswers, type Record, recordAnswers } from './compared.ts';
import type { Said, Survey, SurveyedTest, Task, Verdict } from './protocol.ts';
import { limitOf, simulateSwitched } from './simulated.ts';
import { installSubject, subject } from './subject.ts';
import { makeSurvey } from './survey.ts';
import { loadSwitched } from './switched.ts';

/** A test that takes longer is not asked out of turn. */
const QUICK_MS = 20;
/** For the listed ones only tests are asked whose loops turn less often. */
const BRIEF_TURNS = 5000;
/** One whose loops turn oftener is about memory or endurance, and is not asked at all. */
const LONG_TURNS = 6_000_000;

const say = (said: Said) => parentPort?.postMessage(said);
console.log = () => {};

const task = workerData as Task;
const file = installSubject(task.folder);
const survey: Survey = task.survey ?? (await makeSurvey(task, file));
if (!task.survey) say({ type: 'survey', survey });
const switched = loadSwitched(task.policy);
subject.instantiate = switched.instantiate;
/** The quick ones first, but before them those that found a fault last: what is near is often found by the same test. */
let order = survey.tests
  .map((_, index) => index)
  .filter((index) => turnsOf(index) < LONG_TURNS && survey.tests[index]?.reached.includes(1))
  .sort((a, b) => timeOf(a) - timeOf(b));
const brief = new Set(task.brief);
let record: Record | undefined;

parentPort?.on('message', async (ids: number[]) => {
  for (const id of ids) {
    const begun = performance.now();
    const verdict = await judge(id);
    switched.choose(0);
    say({ type: 'verdict', verdict: { ...verdict, ms: performance.now() - begun } });
  }
  for (const index of order) {
    switched.allow(Number.POSITIVE_INFINITY);
    // A file that changed during the run, or a test that keeps something, makes every fault look found.
    if (!(await passes(index, Number.POSITIVE_INFINITY)))
      throw new Error(`at the end "${survey.tests[index]?.name}" fails without any fault: begin anew`);
  }
  say({ type: 'sound' });
});
say({ type: 'ready' });

function turnsOf(index: number): number {
  return survey.tests[index]?.turns ?? 0;
}

function timeOf(index: number): number {
  return survey.tests[index]?.ms ?? 0;
}

/** A quick one goes before all others, a slow one before the other slow ones. */
function askFirst(index: number): void {
  const others = order.filter((other) => other !== index);
  if (timeOf(index) < QUICK_MS) order = [index, ...others];
  else {
    const isQuick = (other: number) => timeOf(other) < QUICK_MS;
    order = [...others.filter(isQuick), index, ...others.filter((other) => !isQuick(other))];
  }
}

async function passes(index: number, limit: number): Promise<boolean> {
  subject.events = 0;
  try {
    await collected[index]?.run();
    return switched.turns() <= limit;
  } catch {
    return false;
  }
}

async function judge(id: number): Promise<Omit<Verdict, 'ms'>> {
  for (const index of order) {
    const { name, turns, reached } = survey.tests[index] as SurveyedTest;
    if (reached[id] === 0 || (brief.has(id) && turns > BRIEF_TURNS)) continue;
    say({ type: 'begin', id, what: name });
    switched.choose(id);
    switched.allow(limitOf(turns));
    if (await passes(index, limitOf(turns))) continue;
    askFirst(index);
    return { id, killedBy: 'test', detail: name, events: subject.events };
  }
  if (survey.simulated[id] === 1 && !brief.has(id)) {
    say({ type: 'begin', id, what: 'the simulator' });
    switched.choose(id);
    const broken = simulateSwitched(switched, file, survey.turns);
    if (broken) {
      const detail = `${broken.rule} (run ${broken.runs})`;
      return { id, killedBy: 'simulator', detail, events: broken.events };
    }
  }
  return { id, detail: '', events: 0, difference: compare(id) };
}

/** Nobody found it: does it matter at all? */
function compare(id: number) {
  if (survey.compared[id] === 0 || task.scenarios === 0) return undefined;
  switched.choose(0);
  switched.allow(Number.POSITIVE_INFINITY);
  record ??= recordAnswers(file, task.scenarios);
  say({ type: 'begin', id, what: 'random events' });
  switched.choose(id);
  return compareAnswers(file, record, () => switched.allow(limitOf(survey.mostTurns)));
}
