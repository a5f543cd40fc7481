import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { DriverBinding } from '../driver.ts';
import { DriverError, messageOf } from '../errors.ts';
import { fuseEndMs, fuseStartMs } from '../limits.ts';
import { type DriverPaths, imagePath } from '../paths.ts';
import type { ImageMounter } from './images.ts';

const run = promisify(execFile);
const pollMs = 5;

/**
 * Images served by a process each, fuse2fs(1), where the kernel does not let us mount them itself: in a user namespace. The process ends
 * with the last mount of its image, and writes back what it still has then; before that nobody else may have the image.
 */
export function fuse2fsMounter(paths: DriverPaths, native: DriverBinding): ImageMounter {
  return {
    name: 'fuse2fs',
    words: 'volumes are ext4 images, each served by a process of fuse2fs',
    async mount(image, target) {
      if (!(await endsWithin(image, fuseEndMs))) {
        const pid = (await servers(image)).join(', ');
        throw new DriverError(
          `mount ${image}: fuse2fs (pid ${pid}) still serves it, for somebody has an earlier mount of it; end that first`,
        );
      }
      await startServer(image, target);
      return image;
    },
    async detach(name, target, retryMs) {
      await native.unmountImage({ target, retryMs });
      // Whoever reads the image next shall find everything in it. One that other namespaces keep goes on, and the next Mount waits for it.
      await endsWithin(imagePath(paths, name), fuseEndMs);
    },
    isImage: async (image, mount) => mount.fstype.startsWith('fuse') && mount.source === image,
  };
}

async function startServer(image: string, target: string): Promise<void> {
  const options = `fsname=${image},allow_other,nosuid,nodev`;
  const before = await stat(target);
  const said = await run('fuse2fs', [image, target, '-o', options], {
    env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' },
    timeout: fuseStartMs,
  }).then(({ stderr }) => stderr, wordsOf);
  // It goes on in the background once the mount is there; that it ended with 0 does not say so.
  if ((await stat(target)).dev !== before.dev) return;
  throw new DriverError(`fuse2fs ${image}: ${said.trim().replace(/\s*\n\s*/g, '; ')}`);
}

function wordsOf(error: unknown): string {
  const { code, stderr } = error as { code?: unknown; stderr?: string };
  if (code === 'ENOENT') return 'is not installed; install the package fuse2fs';
  return stderr || messageOf(error);
}

/** Whether nobody serves the image any more, at once or soon. */
async function endsWithin(image: string, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while ((await servers(image)).length > 0) {
    if (performance.now() >= end) return false;
    await sleep(pollMs);
  }
  return true;
}

/** Processes of fuse2fs that were started with this image. */
async function servers(image: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).map(Number).filter((number) => number > 0)) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (basename(words[0] ?? '') === 'fuse2fs' && words[1] === image) found.push(pid);
  }
  return found;
}
