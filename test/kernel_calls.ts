import { spawnSync } from 'node:child_process';

/** fsopen(2), the same on all machines; since Linux 5.2. */
const FSOPEN = 430;

/** Why no volumes can be made in memory here; empty when they can. */
export function whyNoMemoryVolumes(): string {
  const script = `$! = 0; syscall(${FSOPEN}, 0, 0); exit($!{ENOSYS} ? 1 : 0)`;
  const { status } = spawnSync('perl', ['-MErrno', '-e', script]);
  return status === 1 ? 'this kernel has no fsopen (Linux 5.2)' : '';
}
