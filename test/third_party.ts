import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite, type Test } from 'uvu';
import * as assert from 'uvu/assert';

/** Debian's own programs come first: another one of the same name elsewhere may be of another age. */
const DIRECTORIES = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];

/** Where a program of Debian's is. */
export function programPath(name: string): string | undefined {
  return DIRECTORIES.map((directory) => `${directory}/${name}`).find((path) => existsSync(path));
}

/** A condition of a suite: what is missing when it does not hold. */
export type Need = () => string | undefined;

export const asRoot: Need = () => (process.getuid?.() === 0 ? undefined : 'mounting needs root');

/** The program is there; nothing is ever installed by a test. */
export const program =
  (name: string, debianPackage: string): Need =>
  () =>
    programPath(name) === undefined ? `${name} is not there; apt-get install ${debianPackage}` : undefined;

/** A command that ends well. */
export const runs =
  (what: string, command: string, ...args: string[]): Need =>
  () => {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    return status === 0 ? undefined : `${what} is not possible here: ${stderr.trim().slice(0, 200)}`;
  };

/** A suite that is skipped as a whole, with the reason, where one of its needs is not met. */
export function thirdParty(name: string, ...needs: Need[]): { test: Test; run(): void } {
  const all = suite(name);
  const missing = needs.reduce<string | undefined>((found, need) => found ?? need(), undefined);
  if (missing === undefined) return { test: all, run: () => all.run() };
  process.stdout.write(`${name}: skipped: ${missing}\n`);
  const skipped = suite(name);
  // Neither its tests nor what comes before and after them.
  const nothing = Object.assign(skipped.skip.bind(skipped), skipped, {
    before: () => undefined,
    after: () => undefined,
  });
  return { test: nothing as unknown as Test, run: () => skipped.run() };
}

export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  ms = 15_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, `waited ${ms} ms in vain until ${what}`);
    await sleep(20);
  }
}

/** An image of nothing but the static program /tool, as a tar archive in the folder: no registry is asked for one. */
export function toolImage(folder: string): string {
  const image = join(folder, 'tool.tar');
  execFileSync('cc', ['-static', '-O1', '-o', join(folder, 'tool'), 'test/third_party_tool.c']);
  execFileSync('tar', ['-cf', image, '-C', folder, 'tool']);
  return image;
}
