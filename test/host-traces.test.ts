/** The golden traces: each replays under the policy that made it, and what today's policy decides otherwise is known. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSegment } from '../host/journal/segment_reader.ts';
import { patched } from './patched_policy.ts';
import { LIVES } from './traces/lives.ts';
import { POLICY } from './world.ts';

const traces = suite('host: golden traces');
const TRACES = 'test/traces';
const KNOWN = join(TRACES, 'differences.json');
const versions = readdirSync(TRACES).filter((name) => /^\d/.test(name));
const files = versions.flatMap((version) =>
  readdirSync(join(TRACES, version))
    .sort()
    .map((name) => join(TRACES, version, name)),
);

interface Told {
  trace: string;
  identical: boolean;
  events: number;
  error?: string;
  whatIf?: { rules: { rule: string; count: number }[] };
}

function replayed(...options: string[]): { told: Told[]; status: number | null } {
  const args = ['build/moorage.mjs', 'replay', '--json', ...options, ...files];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  const lines = stdout.trim().split('\n');
  return { told: lines.map((line) => JSON.parse(line)), status };
}

/** Differences by trace and rule; traces without any are left out. */
function differences(told: readonly Told[]): Record<string, Record<string, number>> {
  return Object.fromEntries(
    told
      .filter(({ identical }) => !identical)
      .map(({ trace, whatIf, error }) => [
        trace,
        error === undefined
          ? Object.fromEntries((whatIf?.rules ?? []).map(({ rule, count }) => [rule, count]))
          : { [error]: 1 },
      ]),
  );
}

traces('every feature has its trace, and each names a policy that is kept', () => {
  for (const version of versions)
    for (const name of Object.keys(LIVES))
      assert.ok(existsSync(join(TRACES, version, `${name}.journal`)), `${version}: ${name} is missing`);
  for (const file of files) {
    const { header } = readSegment(file);
    assert.ok(
      existsSync(join(TRACES, 'policies', `${header?.policy}.wasm`)),
      `${file}: its policy is missing`,
    );
  }
});

traces('under the policy that made it every trace replays byte for byte', () => {
  const { told, status } = replayed();
  assert.equal(differences(told), {});
  assert.is(status, 0);
  assert.is(told.length, files.length);
  for (const { trace, events } of told) assert.ok(events >= 8, `${trace}: only ${events} events`);
});

traces('what the present policy decides otherwise than those of the traces is written down', () => {
  const found = differences(replayed('--policy', POLICY).told);
  if (process.env.MOORAGE_TRACES === 'write') writeFileSync(KNOWN, `${JSON.stringify(found, null, 2)}\n`);
  assert.equal(
    found,
    JSON.parse(readFileSync(KNOWN, 'utf8')),
    `if it shall be so: MOORAGE_TRACES=write npm test -- host-traces writes ${KNOWN} anew`,
  );
});

traces('a policy that decides otherwise does not pass', () => {
  const folder = mkdtempSync(join(tmpdir(), 'moorage-traces-'));
  const other = join(folder, 'other.wasm');
  writeFileSync(other, patched(120_000, 60_000));
  const { told, status } = replayed('--policy', other);
  rmSync(folder, { recursive: true });
  assert.is(status, 1);
  const found = Object.values(differences(told));
  assert.ok(found.length >= Object.keys(LIVES).length / 2);
  for (const rules of found) assert.ok(Object.keys(rules).length > 0);
});

traces.run();
