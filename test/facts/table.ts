import { ask } from './ask.ts';
import { collapse, isNever, never, type Row } from './collapse.ts';
import {
  combinations,
  FACTS,
  type Fact,
  type Facts,
  NOT_WANTED,
  WANTED,
  type Want,
  whyNever,
} from './facts.ts';
import { NOT_WANTED_SECTIONS, type Section, WANTED_SECTIONS } from './sections.ts';
import type { Cell } from './snapshot.ts';

const ALL = Object.keys(FACTS) as Fact[];
const [FREE] = NOT_WANTED as [Want];
/** A state that a section before has taken; here it agrees with everything. */
const TAKEN = never('taken');
const REFUSED = 'refuse';

export interface Table {
  wants: readonly Want[];
  rows: (Row & { section: string })[];
  /** States that were composed and asked for. */
  asked: number;
  /** States that are never, by reason. */
  nevers: Map<string, number>;
}

/** What the policy does with a volume that nobody wants, and with one that somebody wants, in every state. */
export function factsTables(): { notWanted: Table; wanted: Table } {
  return { notWanted: tableOf(NOT_WANTED, NOT_WANTED_SECTIONS), wanted: tableOf(WANTED, WANTED_SECTIONS) };
}

function tableOf(wants: readonly Want[], sections: readonly Section[]): Table {
  const cells = combinations(ALL).flatMap((facts) => wants.map((want): Cell => ({ facts, want })));
  const answers = answerAll(cells);
  const nevers = new Map<string, number>();
  for (const answer of answers) if (isNever(answer)) nevers.set(answer, (nevers.get(answer) ?? 0) + 1);
  const known = new Map<string, string[]>();
  cells.forEach(({ facts }, at) => {
    const row = known.get(keyOf(facts)) ?? [];
    row.push(answers[at] as string);
    known.set(keyOf(facts), row);
  });
  const rows = [{ section: 'an effect is under way', ...busyRow(wants) }];
  for (const [at, section] of sections.entries()) rows.push(...rowsOf(section, sections.slice(0, at), known));
  return { wants, rows, asked: answers.filter((answer) => !isNever(answer)).length, nevers };
}

function rowsOf(section: Section, before: readonly Section[], known: Map<string, string[]>) {
  const vectors = combinations(section.order).map((facts) => {
    const cells = known.get(keyOf(facts)) as string[];
    const isTaken = before.some(({ takes }) => takes(facts)) || !section.takes(facts);
    return isTaken ? cells.map(() => TAKEN) : cells;
  });
  const axes = section.order.map((name) => ({ name, values: FACTS[name] }));
  return collapse(axes, vectors)
    .filter(({ cells }) => !cells.every((cell) => cell === TAKEN))
    .map((row) => ({ section: section.title, ...row }));
}

/** The policy's answer to each cell that can be, the reason of each that cannot. */
function answerAll(cells: readonly Cell[]): string[] {
  const whys = cells.map(({ facts, want }) => whyNever(facts, want.users.length));
  const possible = cells.filter((_, at) => whys[at] === undefined);
  const answers = afterRefusals(possible, ask(possible)).reverse();
  return whys.map((why) => (why === undefined ? (answers.pop() as string) : never(why)));
}

/**
 * A refusal that leaves nobody is followed by what is done with a volume that nobody wants and of which nobody knows whether it exists. Where that
 * is so, it is said in these words.
 */
function afterRefusals(cells: readonly Cell[], answers: readonly string[]): string[] {
  const isLast = (at: number) =>
    (answers[at] as string).startsWith(`${REFUSED}, `) &&
    cells[at]?.want.users.every(({ phase }) => phase === 'waits') === true;
  const refused = cells.filter((_, at) => isLast(at));
  const free = ask(
    refused.map(({ facts }) => ({ facts: { ...facts, exists: 'unknown' }, want: FREE })),
  ).reverse();
  return answers.map((answer, at) =>
    isLast(at) && answer === `${REFUSED}, ${free.pop()}` ? `${REFUSED}, then as free` : answer,
  );
}

/** With an effect under way nothing begins, whatever the facts are: all that has ever begun, for each want. */
function busyRow(wants: readonly Want[]): Row {
  const cells = combinations(['mounted', 'rw', 'ro', 'exists']).flatMap((facts) =>
    wants.map((want) => ({ facts, want, busy: true })),
  );
  const answers = ask(cells);
  const columns = wants.map((_, at) => new Set(answers.filter((__, index) => index % wants.length === at)));
  return { when: [], cells: columns.map((found) => [...found].join(' or ')) };
}

function keyOf(facts: Facts): string {
  return ALL.map((name) => facts[name]).join();
}
