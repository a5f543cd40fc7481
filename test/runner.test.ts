import { spawn } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isFast } from './runner/fast.mjs';
import { splitLanes } from './runner/lanes.mjs';
import { findLeaks, parseMountInfo } from './runner/leaks.mjs';
import { endProcesses, markedProcesses, marker } from './runner/processes.mjs';
import { addUp, closingLine, readTotals } from './runner/totals.mjs';

const totals = suite('runner: totals');

totals('the counts are those of uvu, colours or not', () => {
  const plain = '\n  Total:     5\n  Passed:    3\n  Skipped:   2\n  Duration:  1.00ms\n\n';
  assert.equal(readTotals(plain), { passed: 3, failed: 2, skipped: 2 });
  const coloured =
    '\n  Total:     5\u001b[32m\n  Passed:    5\u001b[39m\n  Skipped:   \u001b[33m1\u001b[39m\n';
  assert.equal(readTotals(coloured), { passed: 5, failed: 0, skipped: 1 });
});

totals('what a test prints itself does not pass for totals', () => {
  assert.is(readTotals('Total: 5\nPassed: 5\nSkipped: 0\n'), undefined);
  assert.is(readTotals(''), undefined);
});

totals('the last line of a run has exactly this form, that of the fast tests another', () => {
  const counts = addUp({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 0, skipped: 0 });
  assert.is(closingLine(counts, false), '11 passed, 2 failed, 3 skipped');
  assert.not.match(closingLine(counts, true), /^\d+ passed, \d+ failed/);
});

totals('a file belongs to the fast ones by the first word of its name', () => {
  assert.ok(isFast('policy-labels.test.mjs'));
  assert.ok(isFast('setup.test.mjs'));
  assert.not(isFast('mounts.test.mjs'));
  assert.not(isFast('policyholder.test.mjs'));
});

totals('what mounts and kills runs by itself, what only computes beside it, and no file is lost', () => {
  const files = ['a/chaos.test.mjs', 'a/host-sign.test.mjs', 'a/simulate.test.mjs', 'a/swapped.test.mjs'];
  assert.equal(splitLanes(files), {
    alone: ['a/chaos.test.mjs', 'a/swapped.test.mjs'],
    beside: ['a/host-sign.test.mjs', 'a/simulate.test.mjs'],
  });
});

totals.run();

const leaks = suite('runner: leaks');

const table = `21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
42 21 0:39 / /tmp/t/a\\040b rw,relatime - tmpfs none rw
43 21 7:0 / /srv/x rw shared:3 master:1 - ext4 /dev/loop0 rw
44 21 0:40 / /home/me rw - tmpfs tmpfs rw
`;
const none = { mounts: [], loops: new Map<string, string>() };

leaks('mountinfo is read with optional fields and blanks in paths', () => {
  assert.equal(parseMountInfo(table)[1], { id: '42', target: '/tmp/t/a b', source: 'none' });
  assert.equal(parseMountInfo(table)[2], { id: '43', target: '/srv/x', source: '/dev/loop0' });
});

leaks('mounts and loop devices of ours are named, those of others are not', () => {
  const after = {
    mounts: parseMountInfo(table),
    loops: new Map([
      ['loop0', '/tmp/t/v.img'],
      ['loop1', '/iso'],
    ]),
  };
  assert.equal(findLeaks(none, after, ['/tmp/t']), [
    'it left none mounted on /tmp/t/a b',
    'it left /dev/loop0 mounted on /srv/x',
    'it left /dev/loop0 attached to /tmp/t/v.img',
  ]);
});

leaks('what was there before is no leak', () => {
  const inventory = { mounts: parseMountInfo(table), loops: new Map([['loop0', '/tmp/t/v.img']]) };
  assert.equal(findLeaks(inventory, inventory, ['/tmp/t']), []);
});

leaks('a process that carries no mark of a run is not found', () => {
  assert.equal(markedProcesses(marker()), []);
});

leaks('a process in a session of its own is found by the mark it inherited, and ended', async () => {
  const mark = marker();
  const child = spawn('sleep', ['30'], { detached: true, stdio: 'ignore', env: { [mark.name]: mark.value } });
  const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
  await new Promise((resolve) => child.on('spawn', resolve));
  const found = markedProcesses(mark);
  assert.equal(found, [{ pid: child.pid, command: 'sleep 30' }]);
  endProcesses(found);
  assert.is(await ended, 'SIGKILL');
  assert.equal(markedProcesses(mark), []);
});

leaks.run();
