/** What the policy knows of one volume, as `next` sees it. The first value of each is the plain one. */
export const FACTS = {
  /** Nothing is to be begun before `retryAt`. */
  pause: ['no', 'yes'],
  /** Does the driver have it mounted? */
  mounted: ['no', 'yes', 'unknown'],
  /** Is our bind for writing there, and the one for reading? */
  rw: ['no', 'yes', 'unknown'],
  ro: ['no', 'yes', 'unknown'],
  /** Does the driver know the volume? */
  exists: ['unknown', 'no', 'yes'],
  /** Do our binds show the mount that the driver has now, or does nobody know? */
  binds: ['present', 'old', 'suspect'],
  /** An unmount whose end nobody heard: none, or it may yet come true. */
  unmount: ['none', 'open'],
  /** A mount whose end nobody heard may yet come true. */
  settling: ['no', 'yes'],
  /** Driver mounts that are ours. Stale are those that were counted when the kernel showed no mount. */
  owed: ['none', 'maybe', 'surely', 'maybe-stale', 'surely-stale'],
  /** The last look found no container that has it. */
  witnessed: ['no', 'yes'],
  /** The driver's volumes are directories without a mount of their own. */
  plain: ['no', 'yes'],
} as const satisfies Record<string, readonly string[]>;

export type Fact = keyof typeof FACTS;
export type Facts = { -readonly [Name in Fact]: (typeof FACTS)[Name][number] };

/** Who has the volume, or waits for it. */
export interface User {
  phase: 'waits' | 'holds' | 'limited';
  readonly?: boolean;
  /** A waiter's leave to create it. */
  create?: boolean;
  /** The kernel showed it in the container's own mount table. */
  proof?: boolean;
}

/** What is wanted of a volume. */
export interface Want {
  title: string;
  users: readonly User[];
  lingers?: boolean;
  /** An operator's hold. */
  held?: boolean;
  /** Found after a lost journal, and containers of that recovery live. */
  unclaimed?: boolean;
  /** A driver whose Mount creates nothing. */
  neverCreates?: boolean;
}

const waits: User = { phase: 'waits' };
const holds: User = { phase: 'holds' };
const limited: User = { phase: 'limited' };

export const NOT_WANTED: readonly Want[] = [
  { title: 'free', users: [] },
  { title: 'lingering', users: [], lingers: true },
  { title: 'held by an operator', users: [], held: true },
  { title: 'unclaimed', users: [], unclaimed: true },
];

export const WANTED: readonly Want[] = [
  { title: 'waits rw', users: [waits] },
  { title: 'waits ro', users: [{ ...waits, readonly: true }] },
  { title: 'waits, create', users: [{ ...waits, create: true }] },
  { title: 'waits, never creates', users: [waits], neverCreates: true },
  { title: 'waits beside limited', users: [limited, waits] },
  { title: 'holds rw', users: [holds] },
  { title: 'holds ro', users: [{ ...holds, readonly: true }] },
  { title: 'holds rw, own mount', users: [{ ...holds, proof: true }] },
  { title: 'holds rw, waits ro', users: [holds, { ...waits, readonly: true }] },
  { title: 'limited only', users: [limited] },
];

/** Every combination of these facts, the first changing slowest; the others have the value in `rest`, or their plain one. */
export function combinations(names: readonly Fact[], rest: Partial<Facts> = {}): Facts[] {
  const plain = Object.fromEntries(Object.entries(FACTS).map(([name, values]) => [name, values[0]])) as Facts;
  let list: Facts[] = [{ ...plain, ...rest }];
  for (const name of names)
    list = list.flatMap((facts) => FACTS[name].map((value) => ({ ...facts, [name]: value })));
  return list;
}

/** Why no volume is ever in this state, or undefined when it can be. */
export function whyNever(facts: Facts, users: number): string | undefined {
  if (facts.binds !== 'present' && facts.rw !== 'yes' && facts.ro !== 'yes')
    return 'there is no bind to be old or suspect';
  if (facts.mounted === 'no' && facts.settling === 'yes')
    return 'while a mount may come true nothing counts as not mounted';
  if (facts.witnessed === 'yes' && users > 0)
    return 'a look counts as witness only while nobody has the volume';
  return undefined;
}
