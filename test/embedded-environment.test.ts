import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('embedded: what the agent was started with');
const AGENT = resolve('build/moorage-agent');
const APP = { id: '/a', cmd: 'true', labels: { volume: 'v1' } };

/** Each would end a program of Node, cripple it, or make it write files: the last word is where. */
const VARIABLES = (folder: string) => [
  'NODE_OPTIONS=--jitless --max-old-space-size=1 --require=/not/there.cjs --inspect=0 --not-an-option',
  'NODE_PATH=/not/there',
  'NODE_DEBUG_NATIVE=*',
  'NODE_EXTRA_CA_CERTS=/not/there',
  'NODE_ICU_DATA=/not/there',
  'NODE_PENDING_DEPRECATION=1',
  `NODE_REDIRECT_WARNINGS=${folder}/warnings`,
  `NODE_V8_COVERAGE=${folder}/coverage`,
  'OPENSSL_CONF=/not/there',
  'UV_THREADPOOL_SIZE=0',
];

test('variables that are meant for Node do nothing to the host or the agent', async () => {
  const { folder, mounts } = bench();
  const agent = bench().agent([APP], [], ['env', ...VARIABLES(folder), AGENT]);
  assert.is(await agent.ended, 0, agent.said());
  for (const name of ['warnings', 'coverage'])
    assert.not(existsSync(join(folder, name)), `${name} among ${readdirSync(folder)}`);
  assert.equal(mounts(), []);
});

for (const variable of ['NODE_CHANNEL_FD=0', 'NODE_CHANNEL_FD=77', 'NODE_UNIQUE_ID=1']) {
  test(`${variable}: an agent that a Node program has started as its child is refused, and is told how to start it`, async () => {
    const agent = bench().agent([APP], [], ['env', variable, AGENT]);
    const code = await agent.ended;
    const name = variable.split('=')[0];
    assert.match(
      agent.said(),
      new RegExp(`${name} is set in the agent's environment, .* start it with: env -u ${name}\n`),
    );
    assert.is(code, 1);
  });
}

test('a JavaScript without WebAssembly is refused with a sentence', async () => {
  const agent = bench().agent([APP], ['--host-bundle', resolve('test/hosts/no_wasm_host.cjs')]);
  const code = await agent.ended;
  assert.match(
    agent.said(),
    /the isolator did not start: there is no WebAssembly in this Node, .* start it without --jitless/,
  );
  assert.is(code, 1);
});

run();
