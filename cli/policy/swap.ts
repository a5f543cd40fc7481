import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { askAdmin } from '../admin/client.ts';
import { STATE_HELP, stateDirOf } from '../admin/state_dir.ts';
import { CheckError } from '../usage_error.ts';
import { examine } from './examine.ts';
import { KEYS_HELP, several, type TrustOptions, trustOf } from './names.ts';
import { requireFile } from './refused.ts';
import { reportText, type SwapReport } from './report.ts';

const EXAMPLES = `Examples:
  moorage policy swap new.wasm                     the report, nothing is swapped
  moorage policy swap new.wasm --apply             and the swap, when nothing is against it
  moorage policy swap new.wasm --runs 5000 --json --state /var/lib/moorage-agent/state
`;

const NOTES = `
The report is made by this command, not by the agent: the journal of the state directory is only read, also while the agent runs.
It says what the new policy would have decided differently, by rule; whether it takes over the present state, and the deciding policy that of
the new one; and what happens in simulated worlds, with faults, that go on from the present state. A rule that breaks there refuses the swap.
With --apply the isolator is then asked to take the policy; it verifies the file by its own configuration (policy.keys, policy.digests).

${KEYS_HELP}
Exit codes: 0 nothing is against it, or it decides now; 1 refused; 2 usage, or a journal that cannot be read.
`;

/** How long worlds are simulated when no number of them is given. */
const SECONDS = 10;
const STEPS = 200;

interface Options extends TrustOptions {
  state?: string;
  apply?: boolean;
  json?: boolean;
  runs?: number;
  seed: number;
}

/** `moorage policy swap`: reports what another policy would change, and has it decide. */
export function swapCommand(): Command {
  return new Command('swap')
    .summary('what another policy would change; with --apply it decides from the next event on')
    .description('Reports what another policy would decide differently, and has a running isolator take it.')
    .argument('<file>', 'the policy')
    .option('--state <dir>', STATE_HELP)
    .option('--apply', 'have the isolator take it, when nothing is against it')
    .option('--runs <number>', `simulated worlds (default: as many as go into ${SECONDS} s)`, readNumber)
    .option('--seed <number>', 'the first of them', readNumber, 1)
    .option('--key <file>', 'a public key that is trusted; may be given again', several)
    .option('--digest <hex>', 'a SHA-256 that is trusted; may be given again', several)
    .option('--config <file>', 'the configuration of the agent, for its section "policy"')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action(swap);
}

function readNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('Use a whole number from 1 on.');
}

async function swap(file: string, options: Options): Promise<void> {
  requireFile(file);
  const stateDir = stateDirOf(options);
  const report = examine({
    file,
    stateDir,
    trust: trustOf(options),
    seed: options.seed,
    steps: STEPS,
    runs: options.runs ?? Number.MAX_SAFE_INTEGER,
    secondsMax: options.runs === undefined ? SECONDS : Number.POSITIVE_INFINITY,
    onStep: (words) => process.stderr.write(`${words}\n`),
  });
  const isTaken = report.refused === undefined && options.apply === true;
  const applied = isTaken ? await apply(file, stateDir) : undefined;
  if (options.json)
    process.stdout.write(`${JSON.stringify(applied ? { ...report, applied: applied.body } : report)}\n`);
  else process.stdout.write(asText(report, options, file, applied));
  if (report.refused !== undefined) throw new CheckError(report.refused);
  if (applied && !applied.ok) throw new CheckError(`the isolator refuses it: ${messageOf(applied.body)}`);
}

/** What the isolator answered. */
interface Applied {
  ok: boolean;
  body: unknown;
}

async function apply(file: string, stateDir: string): Promise<Applied> {
  process.stderr.write(`asking the isolator on ${stateDir}\n`);
  const { status, body } = await askAdmin(
    stateDir,
    'POST',
    '/policy',
    JSON.stringify({ file: resolve(file) }),
  );
  return { ok: status === 200, body: parsed(body.toString('utf8')) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.trim();
  }
}

function messageOf(body: unknown): string {
  const { error } = (body ?? {}) as { error?: { message?: string; hint?: string } };
  return error?.message ? [error.message, error.hint].filter(Boolean).join('; ') : JSON.stringify(body);
}

function asText(report: SwapReport, options: Options, file: string, applied: Applied | undefined): string {
  const again = (seed: number) =>
    `moorage policy swap ${file} --state ${stateDirOf(options)} --seed ${seed} --runs 1  (with the state directory as it is now: keep a copy of it)`;
  const text = reportText(report, again);
  if (report.refused !== undefined) return `${text}refused\n`;
  if (!applied) return `${text}nothing is against it; with --apply it decides from the next event on\n`;
  return applied.ok ? `${text}${decided(applied.body)}\n` : text;
}

/** The figures of the swap as the isolator tells them. */
function decided(body: unknown): string {
  const { since, pauseMs, followed } = (body ?? {}) as Partial<
    Record<'since' | 'pauseMs' | 'followed', number>
  >;
  const parts = [
    since === undefined ? undefined : `from event #${since} on`,
    followed === undefined ? undefined : `${followed} events heard before`,
    pauseMs === undefined ? undefined : `callers waited ${pauseMs.toFixed(2)} ms`,
  ].filter((part) => part !== undefined);
  return `it decides${parts.length > 0 ? `: ${parts.join(', ')}` : ` (${JSON.stringify(body)})`}`;
}
