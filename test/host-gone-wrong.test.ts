/** A policy that goes wrong in other ways than by a loop or an assertion: it is stopped, the second instance takes over, and the caller is answered. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startEasy } from './easy_host.ts';
import { plantAll } from './mutants/plant.ts';

const wrong = suite('a policy that goes wrong');
const folder = mkdtempSync(join(tmpdir(), 'moorage-wrong-'));
wrong.after(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = 'export function operator(call: f64, verb: string, driver: string, name: string): void {\n';
const STEP = '  return stepEvent(size);\n';
const IMPORT = "import { stepEvent } from './decide/step.ts';\n";
const FAULTS = [
  {
    name: 'verbs that go wrong',
    file: 'assembly/decide/operator.ts',
    from: HEAD,
    to: `export let nonsense: i32 = 0;

function dive(depth: i32): i32 {
  return dive(depth + 1) ^ depth;
}

${HEAD}  if (verb == 'dive') state.draining = dive(0) > 0;
  if (verb == 'grow') {
    const kept = new Array<StaticArray<i32>>();
    while (true) kept.push(new StaticArray<i32>(16384));
  }
  if (verb == 'babble') nonsense = 1;
  if (verb == 'boast') nonsense = 2;
  if (verb == 'owe') nonsense = 3;
`,
  },
  {
    name: 'answers that are none',
    file: 'assembly/index.ts',
    from: STEP,
    to: `  const answer = stepEvent(size);
  if (nonsense == 1) memory.fill(outputRegion(), 0xc1, answer);
  return nonsense == 2 ? i32.MAX_VALUE : nonsense == 3 ? -1 : answer;
`,
  },
  {
    name: 'which they are',
    file: 'assembly/index.ts',
    from: IMPORT,
    to: `import { nonsense } from './decide/operator.ts';\n${IMPORT}`,
  },
];
const policy = join(plantAll(FAULTS, join(folder, 'policy')), 'build/policy.wasm');

/** Verbs, and what the alert says of each. */
const WAYS: Record<string, RegExp> = {
  dive: /Maximum call stack size exceeded/,
  grow: /step trapped: unreachable/,
  babble: /policy moorage-standard: .*0xC1/,
  boast: /bytes at \d+ are outside of its memory/,
  owe: /-1 bytes at \d+ are outside of its memory/,
};

for (const [verb, says] of Object.entries(WAYS)) {
  wrong(`${verb}: the one event is set aside, and the second instance decides`, async () => {
    const host = await startEasy(join(folder, verb), {}, undefined, {}, policy);
    assert.ok((await host.prepare('a')).ok);
    const answer = await host.call({ type: 'operator', verb });
    assert.match(answer.error, /policy-failed/);
    const alerts = host.notices.filter((notice) => notice.includes(' policy-failed: '));
    assert.is(alerts.length, 1, host.notices.join('\n'));
    assert.ok(says.test(alerts[0] as string), alerts[0]);
    assert.ok((await host.prepare('b')).ok, 'it goes on');
    assert.ok((await host.cleanup('a')).ok);
    await host.host.close(2000);
    assert.equal(host.fatal, []);
  });
}

wrong.run();
