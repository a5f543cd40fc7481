import type { Effect } from '../../host/frames/types.ts';

/** One thing that two policies decide differently in the same step. */
export interface Difference {
  /** What kind of difference it is, for counting: kind of effect, and the field or the codes. */
  rule: string;
  /** Where it stands in the list of effects, e.g. `effects[1].deadlineMs`. */
  field: string;
  /** Undefined where one side has nothing there. */
  recorded: unknown;
  now: unknown;
}

type Fields = Record<string, unknown>;

/** Values of driver options may be secrets: their names are enough. */
const SECRET = '(not shown)';

/** What differs between the effects of two policies for one event. `wakeSaidAnew`: a wake-up that only `now` has is none. */
export function differencesOf(recorded: Effect[], now: Effect[], wakeSaidAnew: boolean): Difference[] {
  const found = aligned(recorded, now).flatMap(([left, right]) => ofPair(recorded, now, left, right));
  const told = wakeSaidAnew ? found.filter(({ rule }) => rule !== 'wake: added') : found;
  // Where an effect is added or left out the numbers of those after it move; that says nothing more.
  const others = told.filter(({ field }) => !field.endsWith('].effect'));
  return others.length > 0 ? others : told;
}

/** Whether both ask the same of the world, so that what the world answers is an answer to both. */
export function askTheSame(recorded: Effect[], now: Effect[]): boolean {
  return JSON.stringify(recorded.flatMap(asked)) === JSON.stringify(now.flatMap(asked));
}

function asked(effect: Effect): unknown[] {
  if (effect.type === 'wake' || effect.type === 'alert') return [];
  if (effect.type === 'reply') return [['reply', effect.call, effect.ok]];
  const { type, op, effect: number, driver, name, target, id } = effect as unknown as Fields;
  return [[type, op, number, driver, name, target, id]];
}

/** Effects without the values of driver options. */
export function shown<Shown>(value: Shown): Shown {
  return JSON.parse(
    JSON.stringify(value, (key, item) =>
      key === 'options' && item && typeof item === 'object'
        ? Object.fromEntries(Object.keys(item).map((name) => [name, SECRET]))
        : item,
    ),
  );
}

/** Indices of effects that stand for each other, in order; -1 where the other side has none. */
function aligned(recorded: Effect[], now: Effect[]): [number, number][] {
  const pairs: [number, number][] = [];
  let right = 0;
  for (let left = 0; left < recorded.length; left += 1) {
    const kind = kindOf(recorded[left] as Effect);
    const same = now.findIndex((effect, index) => index >= right && kindOf(effect) === kind);
    if (same < 0) {
      pairs.push([left, -1]);
      continue;
    }
    for (; right < same; right += 1) pairs.push([-1, right]);
    pairs.push([left, same]);
    right = same + 1;
  }
  for (; right < now.length; right += 1) pairs.push([-1, right]);
  return pairs;
}

function kindOf(effect: Effect): string {
  if (effect.type === 'driver') return `driver ${effect.op}`;
  return effect.type === 'alert' ? `alert ${effect.code}` : effect.type;
}

function ofPair(recorded: Effect[], now: Effect[], left: number, right: number): Difference[] {
  const [was, is] = [recorded[left], now[right]];
  const kind = kindOf((was ?? is) as Effect);
  if (!is)
    return [{ rule: `${kind}: left out`, field: `effects[${left}]`, recorded: shown(was), now: undefined }];
  if (!was)
    return [{ rule: `${kind}: added`, field: `effects[${right}]`, recorded: undefined, now: shown(is) }];
  if (was.type === 'reply' && is.type === 'reply' && outcomeOf(was) !== outcomeOf(is))
    return [
      {
        rule: `reply: ${outcomeOf(was)}, now ${outcomeOf(is)}`,
        field: `effects[${left}].${was.ok === is.ok ? 'error.code' : 'ok'}`,
        recorded: was.error ?? true,
        now: is.error ?? true,
      },
    ];
  return leaves(was, is, []).map(({ path, recorded, now }) => ({
    rule: `${kind}: ${path.filter((step) => typeof step === 'string').join('.')}`,
    field: `effects[${left}]${path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')}`,
    ...(path.includes('options') ? { recorded: SECRET, now: SECRET } : { recorded, now }),
  }));
}

function outcomeOf({ ok, error }: Effect & { type: 'reply' }): string {
  return ok ? 'ok' : (error?.code ?? 'refused');
}

interface Leaf {
  path: (string | number)[];
  recorded: unknown;
  now: unknown;
}

/** The innermost places that differ. */
function leaves(recorded: unknown, now: unknown, path: (string | number)[]): Leaf[] {
  if (Array.isArray(recorded) && Array.isArray(now) && recorded.length === now.length)
    return recorded.flatMap((item, index) => leaves(item, now[index], [...path, index]));
  if (isRecord(recorded) && isRecord(now)) {
    const names = [...new Set([...Object.keys(recorded), ...Object.keys(now)])];
    return names.flatMap((name) => leaves(recorded[name], now[name], [...path, name]));
  }
  return JSON.stringify(recorded) === JSON.stringify(now) ? [] : [{ path, recorded, now }];
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
