import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ABI_VERSION } from '../host/policy/policy.ts';
import { CODE_SECTION, sectionsOf } from '../host/policy/sections.ts';
import { loadInstalledPolicy, POLICY_BYTES_MAX, readPolicyFile } from '../host/policy/trust/policy_file.ts';
import { verifyPolicyFile } from '../host/policy/trust/verify.ts';
import {
  makeSigner,
  ownFolder,
  signatureOf,
  withAbi,
  withEndlessMemory,
  withSection,
  write,
  writeSigned,
} from './trusted_files.ts';
import { POLICY } from './world.ts';

const trusting = suite('host: which policies are trusted');
const SHIPPED = readFileSync(POLICY);
const DIGEST = createHash('sha256').update(SHIPPED).digest('hex');
const isRoot = process.geteuid?.() === 0;
if (!isRoot) process.stderr.write('files of other users: skipped, only root can make them\n');
const asRoot = (isRoot ? trusting : trusting.skip) as typeof trusting;

/** A folder with the shipped policy, signed by a trusted key. */
function signed(bytes: Uint8Array = SHIPPED) {
  const folder = ownFolder();
  const signer = makeSigner(folder, 'ops');
  const file = writeSigned(folder, bytes, signer);
  return { folder, signer, file, trust: { keys: [signer.file], digests: [] as string[] } };
}

type Signed = ReturnType<typeof signed>;

/** Refused, with a sentence that names the file first. */
function refused({ file, trust }: Pick<Signed, 'file' | 'trust'>, why: RegExp): void {
  let message = '';
  try {
    verifyPolicyFile(file, trust);
  } catch (error) {
    assert.is((error as Error).name, 'PolicyError', (error as Error).stack);
    message = (error as Error).message;
  }
  assert.ok(message, 'it was trusted');
  assert.match(message, why);
  assert.match(message, /^(policy|signature|key) \/.*: .*; /);
}

trusting('a policy that a trusted key signed may decide, and whose key it was is told', () => {
  const other = makeSigner(ownFolder(), 'other');
  const { file, trust, signer } = signed();
  const verified = verifyPolicyFile(file, { ...trust, keys: [other.file, signer.file] });
  assert.is(verified.by, signer.file);
  assert.is(verified.digest, DIGEST);
  assert.is(Buffer.compare(verified.bytes, SHIPPED), 0);
  assert.is(verified.policy.digest, DIGEST);
});

trusting('a policy whose digest is trusted needs no signature', () => {
  const file = write(join(ownFolder(), 'policy.wasm'), SHIPPED);
  assert.is(verifyPolicyFile(file, { keys: [], digests: [DIGEST.toUpperCase()] }).by, 'digest');
});

trusting('keys and signatures of openssl are taken', () => {
  const folder = ownFolder();
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  openssl('genpkey', '-algorithm', 'ed25519', '-out', path('key.pem'));
  openssl('pkey', '-in', path('key.pem'), '-pubout', '-out', path('public.pem'));
  const file = write(path('policy.wasm'), SHIPPED);
  openssl('pkeyutl', '-sign', '-rawin', '-inkey', path('key.pem'), '-in', file, '-out', path('raw'));
  write(`${file}.sig`, readFileSync(path('raw')).toString('base64'));
  assert.is(verifyPolicyFile(file, { keys: [path('public.pem')], digests: [] }).by, path('public.pem'));
});

trusting('with nobody to trust every policy is refused', () => {
  const { file } = signed();
  refused(
    { file, trust: { keys: [], digests: [] } },
    /nobody is trusted .*policy\.keys or .*policy\.digests/,
  );
});

trusting('a trusted digest that is none is refused, not passed over', () => {
  const { file, trust } = signed();
  refused({ file, trust: { ...trust, digests: ['abc'] } }, /digest "abc" is not a SHA-256/);
});

trusting('another digest than the trusted ones', () => {
  const { file } = signed();
  refused(
    { file, trust: { keys: [], digests: ['0'.repeat(64)] } },
    new RegExp(`digest ${DIGEST} is none of`),
  );
});

trusting('unsigned', () => {
  const { file, trust } = signed();
  rmSync(`${file}.sig`);
  refused({ file, trust }, /is not signed \(there is no .*policy\.wasm\.sig\); sign it: moorage policy sign/);
});

trusting('signed with a key that is not trusted', () => {
  const { folder, file, trust } = signed();
  write(`${file}.sig`, signatureOf(SHIPPED, makeSigner(folder, 'stranger')));
  refused({ file, trust }, /by none of the trusted keys \(.*ops\.pem\)/);
});

trusting('changed after it was signed', () => {
  const { file, trust } = signed();
  const changed = Buffer.from(SHIPPED);
  changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
  write(file, changed);
  refused({ file, trust }, /changed after it was signed/);
});

for (const [what, damage] of [
  ['empty', () => ''],
  ['of other characters', (text: string) => `!${text.slice(1)}`],
  ['cut off', (text: string) => text.slice(0, 40)],
  ['too long', (text: string) => `${text.trim()}${text}`],
  ['the bytes themselves', (text: string) => Buffer.from(text, 'base64')],
] as [string, (text: string) => string | Buffer][])
  trusting(`a signature that is ${what}`, () => {
    const { file, trust } = signed();
    write(`${file}.sig`, damage(readFileSync(`${file}.sig`, 'utf8')));
    refused({ file, trust }, /signature .*\.sig: is damaged/);
  });

trusting('one bit of the signature is another', () => {
  const { file, trust } = signed();
  const bytes = Buffer.from(readFileSync(`${file}.sig`, 'utf8'), 'base64');
  bytes[10] = (bytes[10] as number) ^ 4;
  write(`${file}.sig`, bytes.toString('base64'));
  refused({ file, trust }, /by none of the trusted keys/);
});

trusting('truncated anywhere, also when that is signed', () => {
  for (const size of [1, 7, 9, 10, 300, 5000, SHIPPED.length - 31_000, SHIPPED.length - 1])
    refused(signed(SHIPPED.subarray(0, size)), /is truncated: it ends in /);
  const code = sectionsOf(SHIPPED).find(({ id }) => id === CODE_SECTION)?.body as Uint8Array;
  // Four bytes for the size, one for the number of the section.
  const beforeCode = code.byteOffset - SHIPPED.byteOffset - 4;
  refused(signed(SHIPPED.subarray(0, beforeCode)), /is truncated: it ends in its .*, before any code/);
  refused(signed(new Uint8Array(0)), /is empty/);
});

trusting('trailing bytes, also when they are signed', () => {
  const tails = [
    [1],
    [0],
    [0, 0],
    [0, 0xff],
    [0x0b, 1, 0],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [...SHIPPED],
  ];
  for (const tail of tails)
    refused(
      signed(Buffer.concat([SHIPPED, Uint8Array.from(tail)])),
      new RegExp(`has ${tail.length} trailing bytes from offset ${SHIPPED.length} on, behind its data`),
    );
});

trusting('no module', () => {
  refused(signed(Buffer.from('#!/bin/sh\necho hello\n')), /is no WebAssembly module/);
});

trusting('any import', () => {
  // A table: a function more would shift the numbers of all others.
  const table = [...Buffer.from('\u0003env\u0003now'), 1, 0x70, 0, 0];
  refused(signed(withSection(SHIPPED, 2, [1, ...table])), /imports env\.now; a policy may import nothing/);
});

trusting('another ABI', () => {
  const other = withAbi(SHIPPED, ABI_VERSION, ABI_VERSION + 7);
  refused(
    signed(other),
    new RegExp(`has ABI ${ABI_VERSION + 7}, this host reads ABI .* to ${ABI_VERSION}; build it`),
  );
});

trusting('a memory without a maximum', () => {
  refused(signed(withEndlessMemory(SHIPPED)), /its memory has no maximum; build it with/);
});

trusting('a module that the compiler refuses', () => {
  const broken = Buffer.from(SHIPPED);
  broken.fill(0xff, 2000, 2100);
  refused(signed(broken), /is no WebAssembly module|does not start/);
});

for (const mode of [0o664, 0o646, 0o666]) {
  const text = `0${mode.toString(8)}`;
  trusting(`a policy of mode ${text}: others can write it`, () => {
    const { file, trust } = signed();
    chmodSync(file, mode);
    refused({ file, trust }, new RegExp(`policy .*: others can write it \\(mode ${text}\\).*chmod go-w`));
  });
  trusting(`a signature of mode ${text}: others can write it`, () => {
    const { file, trust } = signed();
    chmodSync(`${file}.sig`, mode);
    refused({ file, trust }, /signature .*\.sig: others can write it/);
  });
  trusting(`a key of mode ${text}: others can write it`, () => {
    const { file, trust, signer } = signed();
    chmodSync(signer.file, mode);
    refused({ file, trust }, /key .*ops\.pem: others can write it/);
  });
  trusting(`an installed policy of mode ${text}: others can write it`, () => {
    const file = write(join(ownFolder(), 'policy.wasm'), SHIPPED, mode);
    assert.throws(() => loadInstalledPolicy(file), /policy .*: others can write it .*chmod go-w/);
    chmodSync(file, 0o644);
    assert.is(loadInstalledPolicy(file).digest, DIGEST);
  });
}

trusting('a directory in which others can rename, the own or one above it', () => {
  const above = ownFolder();
  const own = join(above, 'own');
  mkdirSync(own, { mode: 0o755 });
  const signer = makeSigner(ownFolder(), 'ops');
  const trust = { keys: [signer.file], digests: [] };
  const file = writeSigned(own, SHIPPED, signer);
  for (const path of [own, above]) {
    chmodSync(path, 0o775);
    refused({ file, trust }, new RegExp(`others can write its directory ${path} \\(mode 0775\\)`));
    chmodSync(path, 0o755);
  }
  assert.ok(verifyPolicyFile(file, trust));
  // In a sticky one others can not rename what is ours.
  chmodSync(above, 0o1777);
  assert.ok(verifyPolicyFile(file, trust));
});

asRoot('a policy, a signature, a key or a directory of another user', () => {
  const { folder, file, trust, signer } = signed();
  for (const [path, what] of [
    [file, 'policy'],
    [`${file}.sig`, 'signature'],
    [signer.file, 'key'],
  ] as const) {
    chownSync(path, 4242, 0);
    refused({ file, trust }, new RegExp(`^${what} ${path}: belongs to user 4242`));
    chownSync(path, 0, 0);
  }
  chownSync(folder, 4242, 0);
  refused({ file, trust }, new RegExp(`its directory ${folder} belongs to user 4242`));
});

trusting('what is no regular file', () => {
  const { folder, file, trust } = signed();
  rmSync(file);
  mkdirSync(file);
  refused({ file, trust }, /is no regular file/);
  rmSync(file, { recursive: true });
  // Nobody writes into it: a plain open would wait for ever.
  execFileSync('mkfifo', [file]);
  refused({ file, trust }, /is no regular file/);
  rmSync(file);
  symlinkSync(write(join(folder, 'elsewhere.wasm'), SHIPPED), file);
  refused({ file, trust }, /is a symbolic link/);
  rmSync(file);
  refused({ file, trust }, /is not there/);
});

trusting('a directory on the way may be a link, when it leads where nobody else can write', () => {
  const { folder, trust } = signed();
  const link = join(ownFolder(), 'current');
  symlinkSync(folder, link);
  assert.ok(verifyPolicyFile(join(link, 'policy.wasm'), trust));
  chmodSync(folder, 0o777);
  refused({ file: join(link, 'policy.wasm'), trust }, new RegExp(`others can write its directory ${folder}`));
});

trusting('a file that is too large is not read', () => {
  const { file, trust } = signed();
  truncateSync(file, POLICY_BYTES_MAX + 1);
  refused({ file, trust }, new RegExp(`has ${POLICY_BYTES_MAX + 1} bytes, more than`));
});

trusting('a file that has more in it than its size told is not believed', () => {
  // The kernel tells a size of 0 for what it makes up as it is read.
  assert.throws(
    () => readPolicyFile('/proc/version'),
    (error: Error) => /^policy \/proc\/version: changed while it was read; /.test(error.message),
  );
});

trusting('keys that are none: of another type, private, damaged, not there', () => {
  const { folder, file, signer } = signed();
  const path = join(folder, 'key.pem');
  const taken = { file, trust: { keys: [signer.file, path], digests: [] } };
  refused(taken, /key .*key\.pem: is not there/);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  write(path, rsa.publicKey.export({ format: 'pem', type: 'spki' }));
  refused(taken, /is of type rsa, only ed25519/);
  write(path, signer.key.export({ format: 'pem', type: 'pkcs8' }));
  refused(taken, /is a private key/);
  write(path, readFileSync(signer.file, 'utf8').replace(/[A-Z]/g, 'x'));
  refused(taken, /is no public key in PEM/);
});

trusting.run();
