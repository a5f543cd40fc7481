import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import type { Config, ReplyEffect } from '../host/frames/types.ts';
import type { Host, startHost } from '../host/start.ts';
import { prepareEvent, RECOVER } from './world.ts';

/** The host's bundle in plain Node with the real addon, in a folder of its own. */
export interface PlainHost {
  host: Host;
  /** The managed root. */
  root: string;
  /** What its log says so far. */
  said: string[];
  /** A task with one label `volume` as `docker run --mount` has it. */
  prepare(id: string, label: string): Promise<ReplyEffect>;
  cleanup(id: string): Promise<ReplyEffect>;
  close(): Promise<void>;
}

const load = createRequire(import.meta.url);

export async function startPlainHost(
  folder: string,
  config: Partial<Config> & { plugins?: object },
): Promise<PlainHost> {
  const root = join(folder, 'managed');
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({ agentId: 'q', root, ...config }));
  const said: string[] = [];
  const bundle = load(resolve('build/host.cjs')) as { startHost: typeof startHost };
  const host = await bundle.startHost({
    binding: load(resolve('build/moorage.node')),
    config: file,
    stateDir: join(folder, 'state'),
    policy: 'build/policy.wasm',
    log: (level, text) => said.push(`${level} ${text}`),
    notice: () => undefined,
    fatal: (error) => assert.unreachable(String(error)),
  });
  assert.is((await host.isolator.ask({ ...RECOVER })).ok, true);
  return {
    host,
    root,
    said,
    prepare(id, label) {
      const sandbox = join(folder, 'sandboxes', id);
      mkdirSync(sandbox, { recursive: true });
      return host.isolator.ask(prepareEvent(id, { volume: label }, { sandbox }));
    },
    cleanup: (id) => host.isolator.ask({ type: 'cleanup', id }),
    close: () => host.close(10_000),
  };
}
