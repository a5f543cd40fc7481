import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { UsageError } from '../usage_error.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A user namespace in which this user is root and may mount what the kernel lets everybody mount (user_namespaces(7)). */
const NAMESPACE = ['--user', '--map-root-user', '--mount', '--propagation', 'private'];

/** Settings that can forbid it: the value that does, and the one to set. */
const SETTINGS = [
  { name: 'user.max_user_namespaces', forbids: '0', set: '10000' },
  { name: 'kernel.unprivileged_userns_clone', forbids: '0', set: '1' },
  { name: 'kernel.apparmor_restrict_unprivileged_userns', forbids: '1', set: '0' },
];

/**
 * Runs this command once more, as root of a user namespace of its own, and resolves with its exit code. It is asked to end when this process
 * is, or when this process dies. Throws {@link UsageError} where users may make no such namespace.
 */
export async function runInUserNamespace(): Promise<number> {
  refuseWhereForbidden();
  // The file systems of the namespace live as long as a process in it does.
  const inside = ['setpriv', '--pdeathsig', 'TERM', process.execPath, ...process.execArgv];
  const child = spawn('unshare', [...NAMESPACE, ...inside, ...process.argv.slice(1)], { stdio: 'inherit' });
  for (const signal of SIGNALS) process.on(signal, () => void child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function refuseWhereForbidden(): void {
  const { status, stderr, error } = spawnSync('unshare', [...NAMESPACE, 'true'], { encoding: 'utf8' });
  if (status === 0) return;
  const said = error?.message ?? stderr.trim();
  throw new UsageError(
    `the demonstration mounts file systems: it needs root, or a user namespace, which cannot be had here (${said}). ${advice()}`,
  );
}

function advice(): string {
  const found = SETTINGS.filter(({ name, forbids }) => readSetting(name) === forbids);
  if (found.length === 0) {
    return 'Inside a chroot and in most containers the kernel or a seccomp profile forbids it: go outside, or run it with sudo';
  }
  const commands = found.map(({ name, set }) => `sysctl -w ${name}=${set}`).join(' && ');
  return `It is turned off by ${found.map(({ name }) => name).join(' and ')}: as root ${commands}, or run it with sudo`;
}

/** Empty where this kernel has no such setting. */
function readSetting(name: string): string {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return '';
  }
}
