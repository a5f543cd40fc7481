/** What tests of swaps share: hosts on states of their own, and what must be true of a journal afterwards. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { easyBinding } from '../bench/easy_binding.ts';
import type { JournalSizes } from '../host/journal/journal_writer.ts';
import type { Allocate } from '../host/journal/room.ts';
import type { SwapResult } from '../host/swap/result.ts';
import { type EasyHost, startEasy } from './easy_host.ts';
import { POLICY } from './world.ts';

export interface SwapHostOptions {
  /** A fresh one when it is absent. */
  state?: string;
  /** Ids of containers that the agent names in its `recover`. */
  containers?: string[];
  policy?: string;
  machine?: ReturnType<typeof easyBinding>;
  trusted?: string[];
  config?: Record<string, unknown>;
  sizes?: Partial<JournalSizes>;
  allocate?: Allocate;
  /** The host before it died alone: the agent does not recover anew. */
  restarted?: boolean;
}

export type SwapHost = EasyHost & { state: string };

export const alive = (id: string) => ({
  id,
  labels: [['volume', `v-${id}`]],
  env: [],
  volumes: [],
  sandbox: `/s/${id}`,
});

export function makeHosts(name: string) {
  const top = mkdtempSync(join(tmpdir(), `moorage-${name}-`));
  let made = 0;
  async function start(options: SwapHostOptions = {}): Promise<SwapHost> {
    made += 1;
    const { state = join(top, `state-${made}`), machine = easyBinding(), policy = POLICY } = options;
    const { containers = [], trusted = [], config = {}, sizes = {} } = options;
    const recover = { containers: containers.map(alive) };
    const host = await startEasy(
      state,
      sizes,
      options.allocate,
      recover,
      policy,
      machine,
      trusted,
      config,
      options.restarted,
    );
    return { ...host, state };
  }
  return { top, start };
}

/** The journal is stepped again, across all swaps, to the same effects. */
export function replays(state: string): void {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['build/moorage.mjs', 'replay', join(state, 'journal')],
    { encoding: 'utf8' },
  );
  assert.is(status, 0, stdout + stderr);
  assert.match(stdout, /identical/);
}

export function done(result: SwapResult): SwapResult & { ok: true } {
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result;
}

/** At one of these stages, and why. */
export function refused(result: SwapResult, stages: string | string[], why: RegExp): void {
  if (result.ok) throw new Error(`not refused: ${JSON.stringify(result)}`);
  assert.ok([stages].flat().includes(result.stage), `${result.stage}: ${result.why}`);
  assert.match(result.why, why);
}

export const said = ({ notices }: EasyHost, code: string) =>
  notices.filter((notice) => notice.split(' ')[1] === `${code}:`);
