import { handOver, type Replayed } from '../journal/replay.ts';
import type { Tenure } from '../journal/tenures.ts';
import type { Policy } from '../policy/policy.ts';
import { PolicyError } from '../policy/policy_error.ts';

/** Who decides when a host goes on with a journal. */
export interface Decider {
  /** In the state in which the journal ends. */
  policy: Policy;
  tenures: Tenure[];
  /** What a person should know about it. */
  note: { level: 'info' | 'error'; code: string | undefined; message: string } | undefined;
}

/**
 * The policy that decided last goes on, when the host is started with the same file as before: it may have been swapped in since. Another file
 * than before is a newly installed policy, and takes over, whether it is newer or older; when it does not take the state, the last one goes on.
 */
export function whoDecides(replayed: Replayed, chosen: Policy): Decider {
  const { policy: last, tenures, installed, events } = replayed;
  const taken = [...tenures, { digest: chosen.digest, since: events + 1 }];
  if (!last) return { policy: chosen, tenures: taken, note: undefined };
  if (last.digest === chosen.digest) return { policy: last, tenures, note: undefined };
  const since = tenures.at(-1)?.since ?? 1;
  const now = `${last.name} ${last.version} (${last.digest.slice(0, 12)}), which decides since event ${since}`;
  const file = `${chosen.name} ${chosen.version} (${chosen.digest.slice(0, 12)})`;
  if (installed === chosen.digest) {
    const message = `policy ${now}, goes on; the installed file is still ${file}; to return to that: moorage policy swap FILE --apply`;
    return { policy: last, tenures, note: { level: 'info', code: undefined, message } };
  }
  try {
    handOver(replayed, chosen);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const message = `the installed policy ${file} does not take the state of the journal (${error.message}); ${now}, goes on; install a policy that reads it`;
    return { policy: last, tenures, note: { level: 'error', code: 'policy-refused', message } };
  }
  const message = `policy ${file} is newly installed and takes over from ${now}`;
  return { policy: chosen, tenures: taken, note: { level: 'info', code: undefined, message } };
}
