import { mkdirSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { easyBinding } from '../bench/easy_binding.ts';
import type { Binding } from '../host/binding.ts';
import { unpack } from '../host/frames/codec.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import type { JournalSizes } from '../host/journal/journal_writer.ts';
import { startHost } from '../host/start.ts';
import { POLICY, prepareEvent, RECOVER } from './world.ts';

export type EasyHost = Awaited<ReturnType<typeof startEasy>>;

/** A host whose journal is real, on a machine where everything else goes well. `restarted`: a host before it, in the same agent, had recovered. */
export async function startEasy(
  stateDir: string,
  journal: Partial<JournalSizes>,
  allocateFile?: Binding['allocateFile'],
  recover: Record<string, unknown> = {},
  policy = POLICY,
  machine = easyBinding(),
  trusted: string[] = [],
  configured: Record<string, unknown> = {},
  restarted = false,
) {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const config = `${stateDir}.json`;
  writeFileSync(
    config,
    JSON.stringify({
      agentId: 'f',
      root: '/m',
      defaultDriver: 'ebs',
      drivers: { ebs: { address: 'unix:///x' } },
      ...configured,
    }),
  );
  const notices: string[] = [];
  const fatal: Error[] = [];
  const binding = {
    ...machine,
    allocateFile,
    lockFile: () => true,
    unlockFile: () => true,
    prepareRoot: async () => undefined,
    releaseRoot: async () => true,
  } as unknown as Binding;
  const host = await startHost({
    binding,
    config,
    stateDir,
    policy,
    log: () => undefined,
    notice(frame) {
      const [, , level, code, message] = unpack(frame) as string[];
      notices.push(`${level} ${code}: ${message}`);
    },
    fatal: (error) => fatal.push(error),
    journal,
    trust: { keys: [], digests: trusted },
    restarted,
  });
  const call = (event: Record<string, unknown>) =>
    new Promise<{ ok: boolean; error: string }>((done) => {
      host.call(encodeEvent({ ...event, at: 0, call: 0 }), (frame) => {
        const reply = unpack(frame) as unknown[];
        done({ ok: reply[3] === true, error: JSON.stringify(reply.slice(4)) });
      });
    });
  if (!restarted) assert.is((await call({ ...RECOVER, ...recover })).ok, true);
  const prepare = (id: string) => call(prepareEvent(id, { volume: `v-${id}` }));
  const cleanup = (id: string) => call({ type: 'cleanup', id });
  return { host, notices, fatal, call, prepare, cleanup, machine };
}
