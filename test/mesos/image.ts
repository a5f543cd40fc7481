import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PROGRAMS = ['sh', 'sqlite3', 'touch', 'sleep', 'rm', 'mv', 'wc', 'sync', 'cat', 'mkdir', 'stat'];

/**
 * Makes an image as `docker save` writes it, in the directory that an agent has as --docker_registry: programs of this machine,
 * and the libraries that they need.
 */
export function makeImage(registry: string, name: string): void {
  const folder = join(registry, `.${name}`);
  const rootfs = join(folder, 'rootfs');
  for (const directory of ['bin', 'tmp', 'etc', 'proc', 'sys', 'dev'])
    mkdirSync(join(rootfs, directory), { recursive: true });
  for (const program of PROGRAMS) {
    const path = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
    cpSync(realpathSync(path), join(rootfs, 'bin', program));
    for (const library of librariesOf(path)) {
      mkdirSync(join(rootfs, dirname(library)), { recursive: true });
      cpSync(realpathSync(library), join(rootfs, library));
    }
  }
  const layer = join(folder, 'image', 'layer1');
  mkdirSync(layer, { recursive: true });
  execFileSync('tar', ['-C', rootfs, '-cf', join(layer, 'layer.tar'), '.']);
  const manifest = {
    id: 'layer1',
    created: '2026-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Env: ['PATH=/bin'] },
  };
  writeFileSync(join(layer, 'json'), JSON.stringify(manifest));
  writeFileSync(join(layer, 'VERSION'), '1.0');
  writeFileSync(join(folder, 'image', 'repositories'), JSON.stringify({ [name]: { latest: 'layer1' } }));
  execFileSync('tar', [
    '-C',
    join(folder, 'image'),
    '-cf',
    join(registry, `${name}.tar`),
    'repositories',
    'layer1',
  ]);
}

function librariesOf(path: string): string[] {
  const told = execFileSync('ldd', [path], { encoding: 'utf8' });
  return told.split('\n').flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}
