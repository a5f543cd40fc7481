/** Policies to swap, and a host that is allowed to. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { patched } from './patched_policy.ts';
import { POLICY } from './world.ts';

export interface PolicyFile {
  file: string;
  digest: string;
}

/** Milliseconds that a driver has for a look at a volume: the policies differ in it, so that each effect says who decided. */
export const GET_MS = 60_000;
export const OTHER_GET_MS = 30_000;

export function policyFile(file: string, bytes: Uint8Array = readFileSync(file)): PolicyFile {
  writeFileSync(file, bytes);
  return { file, digest: createHash('sha256').update(bytes).digest('hex') };
}

/** The shipped policy, one that decides the same under another digest, and one that gives drivers less time. */
export function policyFiles(folder: string): { shipped: PolicyFile; same: PolicyFile; other: PolicyFile } {
  mkdirSync(folder, { recursive: true });
  return {
    shipped: policyFile(join(folder, 'shipped.wasm'), readFileSync(POLICY)),
    same: policyFile(join(folder, 'same.wasm'), withName(readFileSync(POLICY), 'the same')),
    other: policyFile(join(folder, 'other.wasm'), patched(GET_MS, OTHER_GET_MS)),
  };
}

/** The same module with a section that only has a name (WebAssembly core specification: custom sections). */
export function withName(module: Uint8Array, name: string): Uint8Array {
  const text = Buffer.from(name);
  return Buffer.concat([module, Buffer.from([0, text.length + 1, text.length]), text]);
}
