import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Where the policies of one's own lie: each folder with an `assembly/` in it is one. */
const VARIANTS = join('examples', 'policies');

/**
 * Names of the variants of the policy.
 *
 * @param {string} root  of the checkout
 */
export function variantNames(root) {
  const names = readdirSync(join(root, VARIANTS)).sort();
  return names.filter((name) => existsSync(join(root, VARIANTS, name, 'assembly')));
}

/** @param {string} build @param {string} name */
export function variantFile(build, name) {
  return join(build, 'policies', `${name}.wasm`);
}

/**
 * Compiles a variant: the shipped sources with its own files in the place of those of the same name. Both are put together in a folder below
 * build/, so that they import one another as neighbours, and the bytes depend on relative paths only.
 *
 * @param {{ root: string, build: string }} context
 * @param {string} name
 * @param {(directory: string) => Promise<void>} compile  makes build/policy.wasm in a folder with assembly/ and asconfig.json
 */
export async function buildVariant({ root, build }, name, compile) {
  const place = join(build, 'variants', name);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, 'build'), { recursive: true });
  cpSync(join(root, 'assembly'), join(place, 'assembly'), { recursive: true });
  cpSync(join(root, VARIANTS, name, 'assembly'), join(place, 'assembly'), { recursive: true });
  cpSync(join(root, 'asconfig.json'), join(place, 'asconfig.json'));
  await compile(place);
  mkdirSync(join(build, 'policies'), { recursive: true });
  cpSync(join(place, 'build', 'policy.wasm'), variantFile(build, name));
  // Whatever the umask was: a policy that others can write is refused.
  chmodSync(variantFile(build, name), 0o644);
}
