import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const READY_MS = 10_000;

/**
 * A machine for a test: a mount namespace with a boot id of its own, in which driver, agent and tasks run. What is mounted there
 * goes when the machine does, and nothing of it is seen outside.
 */
export interface Machine {
  /** Starts a program in it. Its words are kept by whoever started it. */
  start(program: string, args: string[], env?: NodeJS.ProcessEnv): ChildProcess;
  /** Runs a program to its end, and gives its stdout. Rejects with what it said on stderr. */
  run(program: string, args: string[]): Promise<string>;
  /** Its mount namespace, for nsenter(1). */
  namespace(): string;
  /** Targets that are mounted below a folder. */
  mountsBelow(folder: string): string[];
  /** The power fails and comes back: every mount is gone, and the boot id is another. Processes are the caller's to kill. */
  reboot(): Promise<void>;
  stop(): Promise<void>;
}

/** Needs root. `folder` keeps the file of the boot id. */
export async function startMachine(folder: string): Promise<Machine> {
  let holder = await hold(folder);

  const enter = (program: string, args: string[]): [string, string[]] => [
    'nsenter',
    [`--mount=/proc/${holder.pid}/ns/mnt`, '--wd=/', program, ...args],
  ];

  return {
    start(program, args, env = process.env) {
      return spawn(...enter(program, args), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    },
    run(program, args) {
      return finish(spawn(...enter(program, args), { stdio: ['ignore', 'pipe', 'pipe'] }), program);
    },
    namespace: () => `/proc/${holder.pid}/ns/mnt`,
    mountsBelow(below) {
      return readFileSync(`/proc/${holder.pid}/mountinfo`, 'utf8')
        .split('\n')
        .map((line) => line.split(' ')[4] ?? '')
        .filter((target) => target.startsWith(`${below}/`));
    },
    async reboot() {
      await end(holder);
      holder = await hold(folder);
    },
    stop: () => end(holder),
  };
}

/** A process that does nothing but keep the namespace. */
async function hold(folder: string): Promise<ChildProcess> {
  const bootId = join(folder, 'boot_id');
  writeFileSync(bootId, `${randomUUID()}\n`);
  const script = `mount --bind ${bootId} ${BOOT_ID} && echo ready && exec sleep infinity`;
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no mount namespace after ${READY_MS} ms: ${said}`)),
      READY_MS,
    );
    child.stdout?.once('data', () => {
      clearTimeout(timer);
      resolve();
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`no mount namespace: unshare ended with ${code}: ${said}`));
    });
  });
  return child;
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('close', () => resolve());
    child.kill('SIGKILL');
  });
}

function finish(child: ChildProcess, what: string): Promise<string> {
  let printed = '';
  let said = '';
  child.stdout?.on('data', (chunk) => {
    printed += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(printed);
      else reject(new Error(`${what} ended with ${code}: ${said}`));
    });
  });
}
