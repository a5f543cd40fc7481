import { execFileSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { task } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('embedded: descriptors');

test('a task sees 0, 1 and 2, its own output behind them, and no other descriptor of the agent', async () => {
  const { agent, output } = bench();
  // A neighbour that has its volume, so that the agent has more of everything open.
  const process = agent();
  process.send({ launch: { id: '/n', cmd: 'exec sleep 600', labels: { volume: 'v1:data' } } });
  await process.until(task('/n', 'running'));
  const opened = execFileSync('ls', [`/proc/${process.child.pid}/fd`], { encoding: 'utf8' });
  assert.ok(opened.split('\n').length > 10, 'the agent has nothing open that could be handed on');
  const cmd =
    'ls /proc/$$/fd; for n in 0 1 2; do readlink /proc/$$/fd/$n; done; ls /proc/self/fdinfo | wc -l';
  process.send({ launch: { id: '/a', cmd, labels: { volume: 'v1:data' } } });
  const finished = await process.until(task('/a', 'finished'));
  const { sandbox } = finished;
  assert.equal(output(finished).trim().split('\n'), [
    '0',
    '1',
    '2',
    '/dev/null',
    `${sandbox}/stdout`,
    `${sandbox}/stderr`,
    '4',
  ]);
  process.send({ stop: true });
  await process.ended;
});

run();
