import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Policy, startPolicy } from '../../host/policy/policy.ts';
import { checkForm } from '../../host/policy/trust/module_form.ts';
import { digestOf, readPolicyFile } from '../../host/policy/trust/policy_file.ts';
import { type Trust, verifyPolicyFile } from '../../host/policy/trust/verify.ts';
import { buildFile } from '../build_files.ts';
import { compareGolden } from './golden.ts';
import { migrate } from './migration.ts';
import { judged } from './refused.ts';
import type { SwapReport } from './report.ts';
import { type Shadow, shadow } from './shadow.ts';
import { type Simulation, simulate } from './simulation.ts';

export interface Examination {
  file: string;
  stateDir: string;
  trust: Trust | undefined;
  seed: number;
  steps: number;
  runs: number;
  secondsMax: number;
  /** Hears what is done next. */
  onStep(words: string): void;
}

/**
 * All that can be said of a swap before it: the file as the isolator will judge it, what the policy would have decided, whether the state goes over,
 * and what becomes of it in simulated worlds. Nothing is changed and nothing is asked of the isolator.
 */
export function examine(options: Examination): SwapReport {
  const { file, stateDir, onStep } = options;
  const journal = join(stateDir, 'journal');
  onStep(`${file}: is it one that may decide`);
  const candidate = judged(() => readCandidate(file, options.trust));
  const start = () => startPolicy(candidate.bytes, file);
  onStep(`${journal}: stepped again, under the policy that decided and under the new one`);
  const seen = shadow(journal, start);
  onStep('golden traces');
  const decidingFile = fileOf(stateDir, seen.deciding);
  const golden = compareGolden(file, decidingFile);
  const migration = migrate(seen.deciding, start);
  const simulation =
    migration.problem === undefined
      ? fromPresent(seen, candidate.bytes, decidingFile, options)
      : 'the state cannot be taken over';
  const { name, version } = candidate.policy;
  const report: SwapReport = {
    policy: { file, name, version, digest: candidate.digest, by: candidate.by },
    deciding: {
      name: seen.deciding.name,
      version: seen.deciding.version,
      digest: seen.deciding.digest,
    },
    journal: {
      directory: journal,
      events: seen.events,
      first: seen.first,
      last: seen.last,
      differing: seen.whatIf.events,
      rules: seen.whatIf.rules,
      differences: seen.whatIf.first,
    },
    golden,
    migration,
    simulation,
  };
  const refused = whyNot(report);
  return refused === undefined ? report : { ...report, refused };
}

interface Candidate {
  bytes: Uint8Array;
  digest: string;
  by: string | null;
  policy: Policy;
}

/** Without anybody to trust all but that is judged: the isolator knows whom it trusts. */
function readCandidate(file: string, trust: Trust | undefined): Candidate {
  if (trust) return verifyPolicyFile(file, trust);
  const bytes = readPolicyFile(file);
  checkForm(bytes, file);
  return { bytes, digest: digestOf(bytes), by: null, policy: startPolicy(bytes, file) };
}

/** Where the module of a policy that decided lies. */
function fileOf(stateDir: string, { digest }: Policy): string {
  const kept = join(stateDir, 'policies', `${digest}.wasm`);
  return existsSync(kept) ? kept : buildFile('policy.wasm');
}

function fromPresent(
  { present }: Shadow,
  bytes: Uint8Array,
  decidingFile: string,
  { file, seed, steps, runs, secondsMax, onStep }: Examination,
): Simulation | string {
  if (typeof present === 'string') return `the deciding policy cannot tell its state: ${present}`;
  onStep(`simulating from the present state (${present.containers.length} containers)`);
  const deciding = { bytes: readFileSync(decidingFile), name: decidingFile };
  return simulate(present, {
    other: { bytes, name: file },
    deciding,
    seed,
    steps,
    runs,
    secondsMax,
  });
}

function whyNot({ policy, migration, simulation }: SwapReport): string | undefined {
  if (migration.problem !== undefined)
    return `${policy.file}: cannot take over the present state: ${migration.problem}`;
  if (migration.from === 0)
    return `${policy.file}: a recovery is coming in, and there is no whole state to take over; try again when it is over`;
  if (typeof simulation !== 'string' && simulation.broken)
    return `${policy.file}: broke a rule in a simulated world that goes on from the present one: ${simulation.broken.rule}: ${simulation.broken.message} (seed ${simulation.broken.seed})`;
  return undefined;
}
