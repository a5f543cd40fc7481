import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hasMemoryLimit } from '../host/policy/memory_limit.ts';
import { loadPolicy, startPolicy } from '../host/policy/policy.ts';
import { POLICY } from './world.ts';

const loading = suite('host: loading a policy');

/** A module of raw sections after the magic and version. */
function moduleOf(...sections: number[][]): Uint8Array {
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
}

const refusal = (bytes: Uint8Array) => {
  try {
    startPolicy(bytes, 'x.wasm');
  } catch (error) {
    assert.is((error as Error).name, 'PolicyError');
    return (error as Error).message;
  }
  throw new Error('it was taken');
};

loading('the shipped policy imports nothing, has a memory maximum, and says who it is', () => {
  const bytes = readFileSync(POLICY);
  assert.equal(WebAssembly.Module.imports(new WebAssembly.Module(bytes)), []);
  assert.ok(hasMemoryLimit(bytes));
  const policy = loadPolicy(POLICY);
  assert.is(policy.name, 'moorage-standard');
  assert.match(policy.digest, /^[0-9a-f]{64}$/);
});

loading('what is no policy is refused with a sentence that names the file and what is wrong', () => {
  assert.match(refusal(new Uint8Array([1, 2, 3])), /^policy x\.wasm: is no WebAssembly module/);
  assert.match(refusal(readFileSync(POLICY).subarray(0, 5000)), /is no WebAssembly module/);
  assert.match(refusal(moduleOf()), /lacks abiVersion, .*it is no policy/);
  // type section: () -> (); import section: env.seed of that type
  const seed = [1, 4, 1, 0x60, 0, 0, 2, 12, 1, 3, 0x65, 0x6e, 0x76, 4, 0x73, 0x65, 0x65, 0x64, 0, 0];
  assert.match(refusal(moduleOf(seed)), /imports env\.seed; a policy may import nothing/);
  assert.throws(() => loadPolicy('/nowhere/policy.wasm'), /cannot be read/);
});

loading('a memory without a maximum is told from one with', () => {
  assert.is(hasMemoryLimit(moduleOf([5, 3, 1, 0, 1])), false);
  assert.is(hasMemoryLimit(moduleOf([5, 4, 1, 1, 1, 8])), true);
  assert.is(hasMemoryLimit(moduleOf()), false);
});

loading('a failed assertion of the policy tells message and place', () => {
  const policy = loadPolicy(POLICY);
  const twin = loadPolicy(POLICY);
  assert.not.equal(policy, twin);
  assert.is(policy.digest, twin.digest);
});

loading('where Node has no WebAssembly the commands say so, and which option it is', () => {
  const commands = [
    ['decide'],
    ['policy', 'inspect', POLICY],
    ['policy', 'verify', POLICY, '--digest', '0'.repeat(64)],
  ];
  for (const command of commands) {
    const args = ['--jitless', 'build/moorage.mjs', ...command];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', input: '' });
    assert.match(stderr, /moorage: there is no WebAssembly in this Node, .* without --jitless/);
    assert.is(status, 2);
  }
});

loading.run();
