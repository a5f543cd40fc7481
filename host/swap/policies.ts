import { SCHEMA } from '../frames/schema.ts';
import type { Isolator } from '../isolator.ts';
import type { JournalWriter } from '../journal/journal_writer.ts';
import type { PolicyArchive } from '../policy/policy_archive.ts';
import { type Trust, verifyPolicyFile } from '../policy/trust/verify.ts';
import type { PolicyReport, SwapResult } from './result.ts';
import { createSwapper } from './swapper.ts';

export interface PoliciesParts {
  isolator: Isolator;
  journal: JournalWriter;
  archive: PolicyArchive;
  /** SHA-256 of the policy in the file that the host was started with. */
  installed: string;
  trust: Trust;
  alert(level: 'info' | 'warn' | 'error', code: string, message: string): void;
  /** Another policy decides. */
  changed(): void;
}

/** The policies of a running host, for those who look and those who replace. */
export interface Policies {
  swap(file: string): Promise<SwapResult>;
  report(): PolicyReport;
}

export function createPolicies(parts: PoliciesParts): Policies {
  const { isolator, journal, archive, installed, trust, alert, changed } = parts;
  const { deciding, change, failing, inTurn, isClosed } = isolator;
  const swapper = createSwapper({
    deciding,
    journal,
    change,
    inTurn,
    isClosed,
    verify: (file) => verifyPolicyFile(file, trust),
    keep: ({ bytes, digest }, file) => archive.keep(bytes, digest, file),
    start: archive.start,
  });
  return {
    async swap(file) {
      const result = await swapper.swap(file);
      tell(file, result);
      if (result.ok) changed();
      return result;
    },
    report() {
      const { name, version, digest } = deciding.now();
      const follower = deciding.follower();
      const lag = follower?.lag() ?? Number.POSITIVE_INFINITY;
      const tenures = change.tenures();
      return {
        name,
        version,
        digest,
        schema: SCHEMA,
        since: tenures.at(-1)?.since ?? 1,
        events: journal.counts().events,
        installed,
        follower: { state: follower ? 'follows' : 'none', behind: Number.isFinite(lag) ? lag : null },
        failures: failing.total(),
        swapping: swapper.stage() ?? null,
        before: tenures.slice(0, -1).map((tenure) => ({ ...tenure })),
      };
    },
  };

  function tell(file: string, result: SwapResult): void {
    if (!result.ok) {
      alert('warn', 'swap-refused', `${result.why}; the policy of before decides (${result.stage})`);
      return;
    }
    const { policy, since, by, pauseMs } = result;
    alert(
      'info',
      'swapped',
      `policy ${policy.name} ${policy.version} (${policy.digest.slice(0, 12)}) of ${file}, vouched for by ${by}, decides from event ${since} on; calls waited ${pauseMs.toFixed(1)} ms`,
    );
  }
}
