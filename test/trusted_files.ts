import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MEMORY_SECTION, moduleOf, sectionsOf } from '../host/policy/sections.ts';

/** A key pair, the public half in a file. */
export interface Signer {
  file: string;
  key: KeyObject;
}

/** A folder of its own that only this user can write. */
export function ownFolder(): string {
  return mkdtempSync(join(tmpdir(), 'trust-'));
}

export function makeSigner(folder: string, name: string): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const file = join(folder, `${name}.pem`);
  write(file, publicKey.export({ format: 'pem', type: 'spki' }));
  return { file, key: privateKey };
}

/** A file as an administrator leaves it, whatever the umask is. */
export function write(file: string, content: string | Uint8Array, mode = 0o644): string {
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

export function signatureOf(bytes: Uint8Array, { key }: Signer): string {
  return `${sign(null, bytes, key).toString('base64')}\n`;
}

/** A policy and its signature in `folder`. Returns the policy's file. */
export function writeSigned(folder: string, bytes: Uint8Array, signer: Signer): string {
  const file = write(join(folder, 'policy.wasm'), bytes);
  write(`${file}.sig`, signatureOf(bytes, signer));
  return file;
}

/** The module with one more section, in its place in the order. */
export function withSection(module: Uint8Array, id: number, body: readonly number[]): Uint8Array {
  const sections = sectionsOf(module);
  const at = sections.findIndex((section) => section.id > id);
  sections.splice(at, 0, { id, body: Uint8Array.from(body) });
  return moduleOf(module, sections);
}

/** The module with a memory that may grow for ever. */
export function withEndlessMemory(module: Uint8Array): Uint8Array {
  const endless = Uint8Array.from([1, 0, 16]);
  return moduleOf(
    module,
    sectionsOf(module).map(({ id, body }) => ({ id, body: id === MEMORY_SECTION ? endless : body })),
  );
}

/** The module as if it was made for another version of the host: its abiVersion gives another number. */
export function withAbi(module: Uint8Array, from: number, to: number): Uint8Array {
  const body = (version: number) => Buffer.from([4, 0, 0x41, version, 0x0b]);
  for (let at = -1; ; ) {
    at = Buffer.from(module).indexOf(body(from), at + 1);
    if (at < 0) throw new Error(`no function of the module gives ${from}`);
    const copy = Buffer.from(module);
    body(to).copy(copy, at);
    if (abiOf(copy) === to) return copy;
  }
}

function abiOf(module: Uint8Array): number {
  const compiled = new WebAssembly.Module(module as Uint8Array<ArrayBuffer>);
  const { abiVersion } = new WebAssembly.Instance(compiled, {}).exports as { abiVersion(): number };
  return abiVersion();
}
