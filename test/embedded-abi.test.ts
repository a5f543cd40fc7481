import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('embedded: the C ABI');

/** The library under test; another one may be named to try it by itself. */
const library = resolve(process.env.MOORAGE_LIBRARY ?? 'build/libmoorage.so');

/** What the client printed; built for each test, since it takes a tenth of a second. */
function client(scenario: string, bundle?: string): string[] {
  const { folder, config } = bench();
  const program = join(folder, 'client');
  if (!existsSync(program)) execFileSync('cc', ['-Wall', '-o', program, 'test/abi_client.c', '-ldl']);
  const args = [library, config, join(folder, 'state'), scenario, ...(bundle ? [bundle] : [])];
  const text = execFileSync(program, args, { encoding: 'utf8', timeout: 30_000 });
  return text.trimEnd().split('\n');
}

test('a start that takes too long is given up whole: the next one finds the state free', () => {
  const lines = client('start-too-slow').filter((line) => !line.startsWith('log '));
  assert.match(lines[0] as string, /^the host was not ready within 1 ms; /);
  assert.equal(lines.slice(1), ['opened']);
});

test('a close from within a callback answers what is open, and no callback comes after it', () => {
  const last = client('close-in-callback').at(-1);
  assert.is(last, 'taken 5 answered 5 late 0');
});

test('words of several lines are several lines of the log', () => {
  const bundle = join(bench().folder, 'bundle.cjs');
  const words = 'one\\ntwo\\n\\nthree';
  writeFileSync(
    bundle,
    `const { embedded } = process._linkedBinding('moorage'); embedded.log('info', '${words}'); embedded.started('');`,
  );
  const lines = client('log', bundle).filter((line) => line.startsWith('log '));
  assert.equal(lines, ['log info [one]', 'log info [two]', 'log info []', 'log info [three]']);
});

run();
