import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import * as assert from 'uvu/assert';
import { nativeSuite, runAsRoot, volumeType } from './native_bench.ts';

const { test: executor, testOfMachine, bench } = nativeSuite('native-executor');

/** The agent whose supervisor is tried; another one may be named to try it by itself. */
const agent = resolve(process.env.MOORAGE_AGENT ?? 'build/moorage-agent');
/** A supervisor that takes longer hangs. */
const limitMs = 8_000;

interface Ran {
  /** All that the supervisor told its agent. */
  said: string;
  /** What its task, and whatever else ran, wrote. */
  stdout: string;
  /** The exit status that it left; none when it left none. */
  exit: { exitCode: number | null; message: string } | undefined;
}

interface Task {
  cmd: string;
  mounts?: [source: string, target: string, readonly: boolean][];
  /** What starts the supervisor; by default it is started itself. */
  program?: string[];
}

let count = 0;

/** Runs a supervisor as an agent does, says go when it is ready, and waits for its end. */
async function supervise(task: Task): Promise<Ran> {
  count += 1;
  const folder = bench.directory(`task ${count}`);
  const sandbox = bench.directory(`task ${count}/sandbox`);
  const checkpoint = bench.directory(`task ${count}/checkpoint`);
  const { cmd, mounts = [], program = [agent, 'execute'] } = task;
  const env = [['PATH', process.env.PATH]];
  const spec = { id: 'x', sandbox, rootfs: null, checkpoint, mounts, cmd, env, user: null };
  const file = join(folder, 'spec');
  writeFileSync(file, JSON.stringify(spec));
  const descriptor = openSync(file, 'r');
  const child = spawn(program[0] as string, program.slice(1), {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe', descriptor],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  closeSync(descriptor);
  const gate = child.stdio[3] as Duplex;
  let said = '';
  let stdout = '';
  gate.on('error', () => undefined);
  gate.on('data', (chunk) => {
    said += chunk;
    if (String(chunk).includes('"ready"')) gate.write('{"go":true}');
  });
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  await new Promise((end) => child.once('close', end));
  const output = join(sandbox, 'stdout');
  if (existsSync(output)) stdout += readFileSync(output, 'utf8');
  const left = join(checkpoint, 'exit');
  return { said, stdout, exit: existsSync(left) ? JSON.parse(readFileSync(left, 'utf8')) : undefined };
}

executor('a task finds its volumes, and its exit status is left for the agent', async () => {
  const one = await bench.volume('one');
  const two = await bench.volume('two');
  const cmd = 'touch a/x && ! touch b/x && findmnt -no FSTYPE a; exit 3';
  execFileSync('mount', ['--bind', '-o', 'ro', two, two]);
  const mounts: Task['mounts'] = [
    [one, 'a', false],
    [two, 'b', true],
  ];
  const { exit, stdout } = await supervise({ cmd, mounts });
  assert.equal([exit?.exitCode, stdout], [3, `${volumeType}\n`]);
});

executor('where the kernel gives no mount namespace nothing starts, and nobody else is killed', async () => {
  // In a process namespace of its own: a supervisor that took all around it for its task's would kill them.
  const script = `sleep 60 & setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$0" execute
    kill -0 $! && echo the neighbour lives`;
  const program = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', script, agent];
  const { said, stdout } = await supervise({ cmd: 'echo it ran', program });
  assert.match(said, /unshare the mount namespace .*EPERM/);
  assert.is(stdout, 'the neighbour lives\n');
});

executor(
  'a volume that is no longer mounted is refused: the directory below it is on the disk of the agent',
  async () => {
    const bare = bench.directory('bare');
    const { said, exit } = await supervise({ cmd: 'echo lost > data/file', mounts: [[bare, 'data', false]] });
    assert.match(said, /bare is not mounted any more/);
    assert.is(exit?.exitCode, null);
    assert.equal(readdirSync(bare), []);
  },
);

executor('two volumes at one place are refused, however their paths are written', async () => {
  const first = await bench.volume('first');
  const second = await bench.volume('second');
  const target = join(bench.folder, `task ${count + 1}`, 'sandbox', 'data');
  const mounts: Task['mounts'] = [
    [first, 'data', false],
    [second, target, false],
  ];
  const { said, exit } = await supervise({ cmd: 'true', mounts });
  assert.match(said, /cannot mount .*first on data: another volume of this task covers it/);
  assert.is(exit?.exitCode, null);
});

testOfMachine('a task starts while the volume of another one hangs', async () => {
  if (!existsSync('/dev/fuse')) return void process.stdout.write('skipped: there is no /dev/fuse\n');
  const target = bench.directory('hanging root/ebs/dead');
  // A FUSE file system whose server never answers.
  const server = openSync('/dev/fuse', 'r+');
  try {
    const options = `fd=3,rootmode=40000,user_id=0,group_id=0`;
    const stdio = ['ignore', 'inherit', 'inherit', server] as const;
    execFileSync('mount', ['-i', '-t', 'fuse', '-o', options, 'none', target], {
      stdio: [...stdio],
      timeout: limitMs,
    });
    const { exit, stdout } = await supervise({ cmd: 'echo runs' });
    assert.equal([exit?.exitCode, stdout], [0, 'runs\n']);
  } finally {
    closeSync(server);
    execFileSync('umount', ['-l', target]);
  }
});

await runAsRoot(executor, bench, 'native-executor');
