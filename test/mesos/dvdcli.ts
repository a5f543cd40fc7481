import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Dvdcli {
  /** For an agent that shall find it. */
  env: NodeJS.ProcessEnv;
  remove(): void;
}

/** Compiles the client that docker/volume runs. Which drivers it talks to says DVDCLI_SOCKETS. */
export function makeDvdcli(): Dvdcli {
  const folder = mkdtempSync(join(tmpdir(), 'dvdcli-'));
  execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-o', join(folder, 'dvdcli'), 'test/mesos/dvdcli.c']);
  return {
    env: { PATH: `${folder}:${process.env.PATH}` },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
