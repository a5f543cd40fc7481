import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as assert from 'uvu/assert';
import { unpack } from '../host/frames/codec.ts';
import type { Effect, WorkEffect } from '../host/frames/types.ts';
import { createWorld, isWork, kinds, type World, type WorldOptions } from './world.ts';

type Outcome = Record<string, unknown>;
/** How an effect ends, or how what the machine has answered is changed. */
type Ending = Outcome | ((answer: Outcome) => Outcome);

/** What a policy is told and what it says, line by line, with the time of each. */
export interface Transcript {
  readonly world: World;
  readonly lines: string[];
  /** Sends an event; what it begins stays under way. */
  tell(event: Record<string, unknown>): void;
  /** How effects of this kind end, one after the other; afterwards the machine answers again. `bind`, `get`, …; see `kinds`. */
  endings(kind: string, ...endings: Ending[]): void;
  /** How all effects of this kind end for which nothing else was said. */
  always(kind: string, ending: Ending): void;
  /** Ends what is under way, and what follows, and wakes the policy, until nothing is left or this time is over. */
  settle(ms: number): void;
  /** Ends the effect that is under way for longest. */
  settleOne(): void;
  /** Ends the effect that began last. */
  settleLast(): void;
  /** Moves the clock to the next wake-up. */
  wake(): void;
  /** Writes down what a snapshot keeps of containers and volumes. */
  state(): void;
  /** Ends what is under way until an effect of this kind is next. Throws when there is none. */
  upTo(kind: string): void;
}

export function createTranscript(options: WorldOptions = {}): Transcript {
  const world = createWorld(options);
  const lines: string[] = [];
  const endings = new Map<string, Ending[]>();
  const always = new Map<string, Ending>();
  let work: WorkEffect[] = [];
  let wakeAt = 0;

  function tell(event: Record<string, unknown>): void {
    lines.push(`${world.now} > ${told(event)}`);
    step(event);
  }

  function step(event: Record<string, unknown>): void {
    const before = world.all.length;
    world.send(event);
    const effects = world.all.slice(before);
    for (const effect of effects) {
      if (effect.type === 'wake') wakeAt = effect.at;
      lines.push(`${world.now}   ${said(effect)}`);
    }
    if (event.type === 'recover' || event.type === 'restart') work = [];
    work.push(...effects.filter(isWork));
  }

  function endOne(effect = work.shift() as WorkEffect): void {
    const kind = kinds([effect])[0] as string;
    const ending = endings.get(kind)?.shift() ?? always.get(kind) ?? ((answer: Outcome) => answer);
    const outcome = typeof ending === 'function' ? ending({ ...world.machine.answer(effect) }) : ending;
    world.now += 1;
    lines.push(`${world.now} < ${kind} ${ended(outcome)}`);
    step({ type: 'done', effect: effect.effect, ...outcome });
  }

  return {
    world,
    lines,
    tell,
    endings: (kind, ...more) => void endings.set(kind, [...(endings.get(kind) ?? []), ...more]),
    always: (kind, ending) => void always.set(kind, ending),
    settle(ms) {
      const until = world.now + ms;
      for (;;) {
        if (work.length > 0) endOne();
        else if (wakeAt > 0 && wakeAt <= until) {
          world.now = Math.max(world.now, wakeAt);
          step({ type: 'tick' });
        } else break;
      }
      world.now = Math.max(world.now, until);
    },
    settleOne: () => endOne(),
    settleLast: () => endOne(work.pop()),
    wake() {
      world.now = Math.max(world.now, wakeAt);
      step({ type: 'tick' });
    },
    state() {
      const bytes = world.policy.snapshot();
      if (!bytes) return void lines.push(`${world.now} = none, a recovery is coming in in parts`);
      const [, ...fields] = unpack(bytes) as unknown[];
      const [containers = [], volumes = [], inFlight = []] = fields.slice(-3) as unknown[][];
      for (const list of [[...fields.slice(0, 6), fields.at(-4)], ...containers, ...volumes, ...inFlight])
        lines.push(`${world.now} = ${JSON.stringify(list)}`);
    },
    upTo(kind) {
      while (work.length > 0) {
        if (kinds(work.slice(0, 1))[0] === kind) return;
        endOne();
      }
      throw new Error(`${kind} never begins:\n${lines.join('\n')}`);
    },
  };
}

const HOW = 'is it meant? then MOORAGE_TRANSCRIPTS=write, and read the difference before it is committed';

/**
 * Holds transcripts against a file that has been read and found right. MOORAGE_TRANSCRIPTS=write writes the file anew, to be read again as a
 * difference.
 */
export function compareTranscript(
  file: string,
  scenarios: readonly [title: string, lines: string[]][],
): void {
  const text = `${scenarios.map(([title, lines]) => [`# ${title}`, ...lines].join('\n')).join('\n\n')}\n`;
  if (process.env.MOORAGE_TRANSCRIPTS === 'write') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const kept = split(readFileSync(file, 'utf8'));
  const now = split(text);
  assert.equal([...now.keys()], [...kept.keys()], `${file} has other scenarios`);
  for (const [title, lines] of now) assert.is(lines, kept.get(title), `${file}: ${title}\n${HOW}`);
}

function split(text: string): Map<string, string> {
  const parts = text.split(/^# /m).slice(1);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.trimEnd()]));
}

function told({ type, ...fields }: Record<string, unknown>): string {
  const container = fields.container as { id: string; labels: unknown } | undefined;
  if (container) return `${type} ${container.id} ${JSON.stringify(container.labels)}`;
  return `${type} ${JSON.stringify(fields)}`;
}

function ended({ ok, value, error }: Outcome): string {
  const failure = error as { kind: string; code: string; message: string } | undefined;
  if (failure) return `${failure.kind} ${failure.code} "${failure.message}"`;
  return `${ok ? 'ok' : 'not ok'} ${JSON.stringify(value ?? null)}`;
}

/** Effects in words. */
export function sayAll(effects: readonly Effect[]): string[] {
  return effects.map(said);
}

/** One effect in words; numbers of effects are left out. */
function said(effect: Effect): string {
  switch (effect.type) {
    case 'driver':
      return `${effect.op} ${effect.driver}/${effect.name} as ${effect.id} ${JSON.stringify(effect.options)} ${effect.deadlineMs} ms`;
    case 'reply':
      if (effect.error)
        return `reply ${effect.call} ${effect.error.code}: ${effect.error.message} (${effect.error.hint})`;
      return `reply ${effect.call} ok ${effect.mounts ? JSON.stringify(effect.mounts) : ''}`.trimEnd();
    case 'wake':
      return `wake ${effect.at}`;
    case 'alert':
      return `alert ${effect.level} ${effect.code} [${effect.container ?? ''}] [${effect.volume ?? ''}] ${effect.message}`;
    default: {
      const { type, ...fields } = effect as unknown as Record<string, unknown>;
      delete fields.effect;
      return `${type} ${JSON.stringify(fields)}`;
    }
  }
}

export type Scenarios = Record<string, () => Transcript>;

/** Holds the scenarios, each under its title, against test/transcripts/FILE.txt. */
export function compareScenarios(file: string, scenarios: Scenarios): void {
  compareTranscript(
    `test/transcripts/${file}.txt`,
    Object.entries(scenarios).map(([title, run]): [string, string[]] => [title, run().lines]),
  );
}
