import { suite } from 'uvu';
import { type EmbeddedBench, makeEmbeddedBench } from './embedded_bench.ts';
import { isMachineRoot } from './machine_root.ts';

/** A suite whose every test has a driver with the volume v1 and a folder of its own. Without root all of it is skipped. */
export function embeddedSuite(name: string) {
  const tests = suite(name);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) process.stdout.write(`${name}: skipped: mounting needs root\n`);
  else if (!isMachineRoot()) process.stdout.write(`${name}: what needs root of the machine is skipped\n`);
  let current: EmbeddedBench | undefined;
  tests.before.each(async () => {
    if (!isRoot) return;
    current = await makeEmbeddedBench();
    await current.driver.call('VolumeDriver.Create', { Name: 'v1', Opts: { size: '16m' } });
  });
  tests.after.each(async () => {
    await current?.clear();
    current = undefined;
  });
  return {
    test: isRoot ? tests : (tests.skip as typeof tests),
    /** A test that is not run. */
    skipped: tests.skip as typeof tests,
    /** A test that root of a user namespace cannot run. */
    testOfMachine: isMachineRoot() ? tests : (tests.skip as typeof tests),
    /** What this test works with. */
    bench: (): EmbeddedBench => {
      if (!current) throw new Error('only within a test');
      return current;
    },
    run: () => tests.run(),
  };
}
