import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { BackendName } from '../driver/backends/backend.ts';
import { backendNames } from '../driver/backends/choose.ts';
import { type Daemon, startDaemon } from '../driver/daemon.ts';
import type { DriverBinding } from '../driver/driver.ts';
import { failed, messageOf } from '../driver/errors.ts';
import { isVolumeName } from '../driver/names.ts';
import { parseSize } from '../driver/size.ts';
import type { Binding, LoopBinding } from '../host/binding.ts';
import { buildFile } from './build_files.ts';

interface DriverFlags {
  readonly name: string;
  readonly socket?: string;
  readonly root?: string;
  readonly unmountOnExit: boolean;
  readonly defaultSize: number;
  readonly backend?: BackendName;
}

const examples = `Example:
  moorage driver --name ebs --socket /run/ebs.sock --root /var/lib/ebs
  curl --unix-socket /run/ebs.sock -d '{"Name":"v1","Opts":{"size":"64m"}}' http://d/VolumeDriver.Create
  curl --unix-socket /run/ebs.sock -d '{"Name":"v1","ID":"me"}' http://d/VolumeDriver.Mount
`;

const notes = `
Options of a volume (Create): size (64m, 2g; a number alone is GiB), fs (ext4), reserved (percent for root),
inodes (how many files), owner (uid:gid of the volume's directory), mode (its permissions, e.g. 0770).

A volume stays mounted until the last ID that mounted it has unmounted it, also over restarts of the driver.
SIGTERM ends the driver and leaves the mounts as they are.

Backends: loop, ext4 images on loop devices; fuse2fs, the same images, each served by a process; tmpfs, in memory, gone with
the driver. By itself root of the machine takes loop, root of a user namespace fuse2fs where it is installed and /dev/fuse
opens, else tmpfs. The driver says which at its start, and in the Status of each volume.

Needs root, or unshare --user --map-root-user --mount. Exit code 1: could not start, or not unmount.
`;

/** `moorage driver`: the embedded volume driver in the foreground. */
export function driverCommand(): Command {
  return new Command('driver')
    .summary('the embedded volume driver: Docker Volume Plugin API over ext4 images on loop devices')
    .description(
      'Serves the Docker Volume Plugin API on a unix socket; volumes are sparse ext4 images on loop devices.',
    )
    .addHelpText('before', examples)
    .option('--name <name>', 'name of the driver', readName, 'moorage')
    .option('--socket <path>', 'where to listen (default: /run/docker/plugins/<name>.sock)')
    .option('--root <dir>', 'where images, mounts and state lie (default: /var/lib/moorage/drivers/<name>)')
    .addOption(
      new Option('--default-size <size>', 'size of a volume that is created without one')
        .argParser(readSize)
        .default(readSize('1g'), '1g'),
    )
    .addOption(
      new Option('--backend <name>', 'how volumes are kept (default: see below)').choices(backendNames),
    )
    .option('--unmount-on-exit', 'unmount every volume when the driver ends', false)
    .option('--foreground', 'accepted for service managers; the driver is always in the foreground')
    .addHelpText('after', notes)
    .allowExcessArguments(false)
    .action(runDriver);
}

async function runDriver(flags: DriverFlags): Promise<void> {
  const say = (text: string): void => {
    process.stderr.write(`moorage driver ${flags.name}: ${text}\n`);
  };
  // A reader that has gone must not end a driver that others use.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const socket = resolve(flags.socket ?? `/run/docker/plugins/${flags.name}.sock`);
  const root = resolve(flags.root ?? `/var/lib/moorage/drivers/${flags.name}`);
  const daemon = await startDaemon(
    {
      socket,
      root,
      defaultSizeBytes: flags.defaultSize,
      unmountOnExit: flags.unmountOnExit,
      backend: flags.backend,
      log: say,
    },
    loadNative(),
  );
  stopOnSignal(daemon, say);
  process.stdout.write(`${JSON.stringify({ event: 'listening', name: flags.name, socket })}\n`);
}

/** The addon beside the bundle. */
function loadNative(): DriverBinding {
  const path = buildFile('moorage.node');
  try {
    const addon = createRequire(import.meta.url)(path) as Binding & { loop: LoopBinding };
    return { lockFile: addon.lockFile, mountTable: addon.mountTable, ...addon.loop };
  } catch (error) {
    throw failed('load the native code of the driver', error, `build it: ${path}`);
  }
}

function stopOnSignal(daemon: Daemon, say: (text: string) => void): void {
  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    const problems = await daemon.stop();
    for (const problem of problems) say(problem);
    process.exit(problems.length === 0 ? 0 : 1);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop());
}

function readName(text: string): string {
  if (isVolumeName(text)) return text;
  throw new InvalidArgumentError('Use a letter or digit, then letters, digits, "_", "." or "-".');
}

function readSize(text: string): number {
  try {
    return parseSize(text, 'size');
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}
