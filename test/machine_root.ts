import { readFileSync } from 'node:fs';

/** Whether this process is root of the machine, and not only of a user namespace: it may give files away, attach devices, enter any group. */
export function isMachineRoot(): boolean {
  return (
    process.getuid?.() === 0 && /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'))
  );
}
