import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { patiently } from './mesos/patience.ts';
import { endProcess, native, nativeSuite, runAsRoot } from './native_bench.ts';

const { test, bench } = nativeSuite('native-witness');
const NAMESPACES = 200;
/** In each: a shell, and what it started. */
const EACH = 5;
const ROUNDS = 5;

/** So many processes in so many mount namespaces, each a private copy of ours with all that is mounted in it now. */
async function crowd(): Promise<{ child: ChildProcess; pids: number[] }> {
  const inside = `for i in $(seq ${EACH - 1}); do sleep 600 & done; wait`;
  const all = `for i in $(seq ${NAMESPACES}); do unshare --mount --propagation private sh -c '${inside}' & done; wait`;
  const child = spawn('sh', ['-c', all], { stdio: 'ignore', detached: true });
  const members = () => inGroup(child.pid as number).filter((pid) => pid !== child.pid);
  await patiently('the crowd is there', () => members().length === NAMESPACES * EACH);
  return { child, pids: members() };
}

const loops = () =>
  execFileSync('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'], { encoding: 'utf8' });

/** Pids of a process group. */
function inGroup(group: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return Number(fields[2]) === group ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

const namespaceOf = (pid: number) => statSync(`/proc/${pid}/ns/mnt`).ino;

test('1,000 processes in 200 namespaces are looked at once each namespace, and not on the thread of the host', async () => {
  const source = await bench.volume('crowded');
  const { dev: number } = statSync(source);
  const dev = `${number >> 8}:${number & 0xff}`;
  const { child, pids } = await crowd();
  try {
    const theirs = new Set(pids.map(namespaceOf));
    assert.is(theirs.size, NAMESPACES);
    const scans: number[] = [];
    const works: number[] = [];
    const gaps: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const watch = turns();
      const begun = performance.now();
      const before = process.cpuUsage();
      const pins = (await native.pinnedBy({ dev, root: '/', copies: [] })).filter((pin) =>
        theirs.has(pin.namespace),
      );
      scans.push(performance.now() - begun);
      const { user, system } = process.cpuUsage(before);
      works.push((user + system) / 1000);
      const { longest, count } = watch.stop();
      gaps.push(longest);
      assert.is(new Set(pins.map(({ namespace }) => namespace)).size, NAMESPACES, 'none is left out');
      assert.is(pins.length, NAMESPACES, 'one process stands for a namespace');
      for (const { pid, namespace } of pins) assert.is(namespaceOf(pid), namespace);
      assert.ok(count > 1, 'the thread of the host turned meanwhile');
    }
    const [scan, work, gap] = [scans, works, gaps].map((list) => Math.max(...list).toFixed(0));
    const all = `${scan} ms by the clock, ${work} of processor time, the host's thread held ${gap}`;
    process.stdout.write(`(slowest of ${ROUNDS}: ${all}) `);
  } finally {
    process.kill(-(child.pid as number), 'SIGKILL');
    await endProcess(child);
    await patiently('the crowd is gone', () => inGroup(child.pid as number).length === 0);
    // The kernel takes its time to let go of so many namespaces.
    execFileSync('umount', [source]);
    await patiently('the loop device is cleared', () => !loops().includes(bench.folder));
  }
});

/** How often the event loop turns, and the longest time between two turns. */
function turns() {
  let [last, longest, count, isOver] = [performance.now(), 0, 0, false];
  function turn(): void {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    count += 1;
    if (!isOver) setImmediate(turn);
  }
  setImmediate(turn);
  return {
    stop() {
      isOver = true;
      return { longest, count };
    },
  };
}

await runAsRoot(test, bench, 'native-witness');
