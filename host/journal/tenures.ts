/** The time in which one policy decided. */
export interface Tenure {
  /** SHA-256 of the policy, hex. */
  digest: string;
  /** Number of the first event that it decided, from 1. */
  since: number;
}

/** As many are kept: the newest. */
const KEPT = 64;

/** Under this name they stand among what a snapshot of the journal says that the host has learnt; older hosts pass over it. */
interface WithTenures {
  tenures?: unknown;
}

/** What the host has learnt, with the policies that have decided until here. */
export function withTenures<Learnt extends object>(learnt: Learnt, tenures: readonly Tenure[]): Learnt {
  return { ...learnt, tenures: tenures.slice(-KEPT).map(({ digest, since }) => [digest, since]) };
}

/** The policies that had decided when a snapshot was made by `policy`; at least that one. */
export function tenuresOf(learnt: unknown, policy: string): Tenure[] {
  const { tenures } = (learnt ?? {}) as WithTenures;
  const read = Array.isArray(tenures)
    ? tenures.filter(isPair).map(([digest, since]) => ({ digest, since }))
    : [];
  if (read.at(-1)?.digest !== policy) read.push({ digest: policy, since: 1 });
  return read;
}

function isPair(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number';
}
