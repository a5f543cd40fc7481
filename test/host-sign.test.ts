/** The commands for the policy file: what it is, who vouches for it. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeSigner, ownFolder, withEndlessMemory, write } from './trusted_files.ts';
import { POLICY } from './world.ts';

const files = suite('host: the commands for a policy file');
const SHIPPED = readFileSync(POLICY);

function policy(...args: string[]) {
  return spawnSync(process.execPath, ['build/moorage.mjs', 'policy', ...args], { encoding: 'utf8' });
}

/** A folder with a policy and the keys that openssl makes by the words of the help. */
function prepared(bytes: Uint8Array = SHIPPED) {
  const folder = ownFolder();
  const [key, publicKey] = [join(folder, 'KEY.pem'), join(folder, 'PUBLIC.pem')];
  const { stdout } = policy('sign', '--help');
  const lines = stdout.split('\n').filter((line) => line.startsWith('  openssl '));
  assert.is(lines.length, 2, stdout);
  const script = lines.join('\n').replaceAll('KEY.pem', key).replaceAll('PUBLIC.pem', publicKey);
  assert.is(spawnSync('sh', ['-ec', script]).status, 0, script);
  return { folder, file: write(join(folder, 'policy.wasm'), bytes), key, publicKey };
}

files('signed with the keys that the help tells how to make, a policy may decide', () => {
  const { file, key, publicKey } = prepared();
  const signed = policy('sign', file, '--key', key, '--json');
  assert.is(signed.status, 0, signed.stderr);
  const { signature, digest, publicKey: told } = JSON.parse(signed.stdout);
  assert.is(told, readFileSync(publicKey, 'utf8'));
  assert.is(statSync(signature).mode & 0o777, 0o644);
  assert.is(Buffer.from(readFileSync(signature, 'utf8'), 'base64').length, 64);
  const verified = policy('verify', file, '--key', publicKey, '--json');
  assert.equal(JSON.parse(verified.stdout), {
    file,
    name: 'moorage-standard',
    version: '0.1.0',
    digest,
    by: publicKey,
  });
  assert.match(policy('inspect', file, '--key', publicKey).stdout, new RegExp(`signature +by ${publicKey}`));
});

files('the keys and digests of a configuration are those that are trusted', () => {
  const { folder, file, key, publicKey } = prepared();
  policy('sign', file, '--key', key);
  const config = join(folder, 'config.json');
  const configured = (trusted: object) =>
    write(
      config,
      JSON.stringify({
        agentId: 'a',
        root: '/m',
        drivers: { ebs: { address: 'unix:///e.sock' } },
        ...trusted,
      }),
    );
  configured({ policy: { keys: [publicKey] } });
  const trusted = policy('verify', file, '--config', config);
  assert.is(trusted.status, 0, trusted.stderr);
  const { digest } = JSON.parse(policy('inspect', file, '--json').stdout);
  configured({ policy: { digests: [digest] } });
  const listed = policy('verify', file, '--config', config, '--json');
  assert.is(JSON.parse(listed.stdout).by, 'digest', listed.stderr);
  configured({});
  const nobody = policy('verify', file, '--config', config);
  assert.is(nobody.status, 1);
  assert.match(nobody.stderr, /nobody is trusted/);
  configured({ policy: { keys: publicKey } });
  assert.is(policy('verify', file, '--config', config).status, 2);
});

files('refused ends with 1, and what cannot be asked with 2', () => {
  const { file, key, publicKey } = prepared();
  const unsigned = policy('verify', file, '--key', publicKey);
  assert.is(unsigned.status, 1);
  assert.match(unsigned.stderr, /is not signed/);
  assert.is(unsigned.stdout, '');
  assert.is(policy('verify', file).status, 2);
  assert.is(policy('verify', '/nowhere.wasm', '--key', publicKey).status, 2);
  assert.is(policy('inspect', '/nowhere.wasm').status, 2);
  assert.is(policy('sign', file).status, 2);
  assert.is(policy('sign', '/nowhere.wasm', '--key', key).status, 2);
});

files('what is no policy is not signed', () => {
  for (const [bytes, why] of [
    [withEndlessMemory(SHIPPED), /no maximum/],
    [SHIPPED.subarray(0, 5000), /is truncated: it ends in/],
    [Buffer.from('#!/bin/sh'), /is no WebAssembly module/],
  ] as const) {
    const { file, key } = prepared(bytes);
    const { status, stderr } = policy('sign', file, '--key', key);
    assert.is(status, 1);
    assert.match(stderr, why);
    assert.not.ok(existsSync(`${file}.sig`));
  }
  const { file, key } = prepared();
  chmodSync(file, 0o666);
  assert.match(policy('sign', file, '--key', key).stderr, /others can write it/);
});

files('a private key that others can read, or of another type, does not sign', () => {
  const { folder, file, key } = prepared();
  chmodSync(key, 0o640);
  const open = policy('sign', file, '--key', key);
  assert.is(open.status, 2);
  assert.match(open.stderr, /others can read it; run: chmod 600 /);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsa = write(join(folder, 'rsa.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }), 0o600);
  assert.match(policy('sign', file, '--key', rsa).stderr, /is of type rsa, only ed25519 signs/);
  assert.not.ok(existsSync(`${file}.sig`));
});

files('a signature that cannot be written ends with 2, and nothing of it is left', () => {
  const { folder, file, key } = prepared();
  mkdirSync(`${file}.sig`);
  const { status, stdout, stderr } = policy('sign', file, '--key', key);
  assert.equal([status, stdout], [2, '']);
  assert.match(stderr, /signature .*policy\.wasm\.sig: cannot be written \(.*EISDIR/);
  assert.equal(readdirSync(folder).sort(), ['KEY.pem', 'PUBLIC.pem', 'policy.wasm', 'policy.wasm.sig']);
});

files('inspect says whose signature it is, or that it is none of those named', () => {
  const { folder, file, key, publicKey } = prepared();
  const told = (...args: string[]) => JSON.parse(policy('inspect', file, '--json', ...args).stdout).signature;
  assert.is(told('--key', publicKey), 'none');
  policy('sign', file, '--key', key);
  assert.match(told(), /^there is one; name a public key/);
  const stranger = makeSigner(folder, 'stranger').file;
  assert.is(told('--key', stranger), 'by none of the keys named, or for other bytes');
  assert.is(told('--key', publicKey, '--key', stranger), `by ${publicKey}`);
  write(`${file}.sig`, 'x');
  assert.match(told('--key', publicKey), /is damaged/);
});

files('inspect says what a file is, and what it lacks', () => {
  const { file } = prepared();
  const { stdout, status } = policy('inspect', file, '--json');
  assert.is(status, 0);
  const told = JSON.parse(stdout);
  assert.equal([told.name, told.memoryLimit, told.imports], ['moorage-standard', 268_435_456, []]);
  assert.ok(told.exports.includes('step'));
  const endless = prepared(withEndlessMemory(SHIPPED));
  const lacking = policy('inspect', endless.file);
  assert.is(lacking.status, 1);
  assert.match(lacking.stdout, /memory +without a maximum/);
  assert.match(lacking.stderr, /its memory has no maximum/);
});

files.run();
