import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { mountedBelow } from '../runner/leaks.mjs';

/** Where one case is played: a managed root, a sandbox, and what must not be touched. */
export interface Field {
  folder: string;
  /** The managed root. */
  root: string;
  /** Of a driver: `volume` in it is mounted. */
  driver: string;
  /** A container's sandbox or rootfs; the attacker owns it. */
  sandbox: string;
  /** Not ours: nothing is to be mounted, made, given away or unmounted in it. On `outside/vol` a foreign mount lies. */
  outside: string;
  /** The number of the foreign mount in the kernel's table. */
  foreign(): string | undefined;
  /** What went wrong outside since the last look, in words; it is put right again. */
  harm(): string[];
  clear(): void;
}

/** Another user, to whom made directories are given. */
export const TASK = 1234;

export function makeField(folder: string): Field {
  const place = (name: string) => {
    mkdirSync(join(folder, name), { recursive: true });
    return join(folder, name);
  };
  const [root, driver, sandbox] = [join(folder, 'root'), place('driver'), place('sandbox')];
  const outside = place('free/outside');
  const volume = place('driver/volume');
  const foreignPath = place('free/outside/vol');
  mountMemory(volume);
  mountMemory(foreignPath);
  const foreign = () => mountedBelow(outside).find(({ target }) => target === foreignPath)?.id;
  let known = foreign();

  function harm(): string[] {
    const found: string[] = [];
    for (const { id, target } of mountedBelow(join(folder, 'free')).reverse()) {
      if (id === known) continue;
      found.push(`mounted on ${target}`);
      execFileSync('umount', ['-l', target]);
    }
    if (foreign() === undefined) {
      found.push('the foreign mount is gone');
      mountMemory(foreignPath);
      known = foreign();
    }
    for (const path of [outside, foreignPath]) {
      if (lstatSync(path).uid === TASK) {
        found.push(`${path} was given away`);
        chownSync(path, 0, 0);
      }
      for (const name of readdirSync(path).filter((entry) => entry !== 'vol')) {
        found.push(`made ${join(path, name)}`);
        rmSync(join(path, name), { recursive: true });
      }
    }
    return found;
  }

  chmodSync(sandbox, 0o755);
  return {
    folder,
    root,
    driver,
    sandbox,
    outside,
    foreign,
    harm,
    clear() {
      for (const { target } of mountedBelow(folder).reverse()) execFileSync('umount', ['-l', target]);
      const left = mountedBelow(folder).length;
      if (left > 0) throw new Error(`${left} mounts are left below ${folder}`);
    },
  };
}

export function mountMemory(target: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'moorage-race', target]);
}

/** Programs of test/race, compiled for this run. */
export interface Programs {
  attacker: string;
  byPath: string;
  /** Ready when it resolves: C++ takes a while. */
  attach: Promise<string>;
}

export function compile(folder: string): Programs {
  const c = (name: string) => {
    const program = join(folder, name);
    execFileSync('cc', ['-O1', '-Wall', '-o', program, `test/race/${name}.c`]);
    return program;
  };
  const effects = ['error', 'kernel', 'path_walk', 'proc_mounts', 'paths'];
  const sources = [
    'test/race/attach.cpp',
    ...['mounts', 'workbench'].map((name) => `native/agent/executor/${name}.cpp`),
    ...effects.map((name) => `native/effects/${name}.cpp`),
  ];
  const attach = join(folder, 'attach');
  const compiler = spawn('c++', ['-std=c++20', '-D_GNU_SOURCE', '-Inative', '-o', attach, ...sources], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return {
    attacker: c('attacker'),
    byPath: c('by_path'),
    attach: new Promise((done, failed) =>
      compiler.once('exit', (code) =>
        code === 0 ? done(resolve(attach)) : failed(new Error(`attach.cpp does not compile: ${code}`)),
      ),
    ),
  };
}

/** An attacker at work, who is ended by `stop`; it resolves with what he printed, and rejects when he gave up before. */
export function attack(program: string, args: readonly string[]): { stop(): Promise<string> } {
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  return {
    async stop() {
      child.kill('SIGTERM');
      const code = await ended;
      if (code !== 0) throw new Error(`the attacker ended with ${code}: ${args.join(' ')}`);
      return said.trim();
    },
  };
}
