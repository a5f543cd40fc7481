import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { MESOS_PREFIX } from './cluster.ts';

/** Why no agent can be started here; empty when one can. */
export function whyNoAgent(): string {
  if (MESOS_PREFIX === '') return 'no Mesos: set MESOS_PREFIX to the prefix of one, build, and run again';
  if (!existsSync(join(MESOS_PREFIX, 'sbin/mesos-agent'))) return `${MESOS_PREFIX} has no sbin/mesos-agent`;
  if (!existsSync('build/libmoorage_mesos.so')) return 'build/libmoorage_mesos.so is not built';
  if (process.getuid?.() !== 0) return 'an agent that mounts needs root';
  return '';
}

/** A suite whose tests are skipped, with the reason said, where there is no agent. */
export function agentSuite(name: string) {
  const tests = suite(name);
  const why = whyNoAgent();
  if (why !== '') process.stdout.write(`${name}: skipped: ${why}\n`);
  return {
    test: why === '' ? tests : (tests.skip as typeof tests),
    run: () => tests.run(),
    skipped: why !== '',
  };
}
