import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

/**
 * The code that runs as root goes from descriptor to descriptor: a path that is looked up twice may lead to two places. So nothing in it may
 * call what takes a path, save what stands here with its reason.
 */
const sources = suite('sources: calls that take a path');

const FOLDERS = ['native/effects', 'native/addon', 'native/loop', 'native/agent/executor'];

/** Calls of the C library that look a path up, and the word that does it for those that also take a descriptor. */
const BANNED = [
  ...[
    'open',
    'open64',
    'creat',
    'fopen',
    'freopen',
    'opendir',
    'scandir',
    'nftw',
    'ftw',
    'glob',
    'tempnam',
    'mkstemp',
    'mkdtemp',
  ],
  ...[
    'stat',
    'lstat',
    'access',
    'euidaccess',
    'statfs',
    'statvfs',
    'realpath',
    'canonicalize_file_name',
    'readlink',
    'pathconf',
  ],
  ...[
    'mount',
    'umount',
    'umount2',
    'swapon',
    'pivot_root',
    'chroot',
    'chdir',
    'execv',
    'execve',
    'execvp',
    'execl',
    'execlp',
    'system',
    'popen',
  ],
  ...[
    'mkdir',
    'rmdir',
    'unlink',
    'rename',
    'link',
    'symlink',
    'mknod',
    'mkfifo',
    'truncate',
    'chown',
    'lchown',
    'chmod',
    'utime',
    'utimes',
  ],
  ...['setxattr', 'lsetxattr', 'getxattr', 'removexattr', 'inotify_add_watch', 'name_to_handle_at', 'dlopen'],
];
const CALL = new RegExp(`(?<![\\w.>])(?:::)?(${BANNED.join('|')})\\s*\\(`, 'g');
const WORDS =
  /\b(AT_FDCWD|std::filesystem|[io]?fstream|SYS_pivot_root|SYS_openat2|SYS_open|SYS_mount|SYS_umount2)\b/g;

const FIRST_OPEN = 'the first open: from here on there is a descriptor';
const KERNELS_OWN = 'a file of procfs or sysfs, which nobody can rename';
const BY_DESCRIPTOR = 'the path is /proc/self/fd: a descriptor';
const OF_NOBODY = 'in a mount namespace that no process lives in';
const OWN_NAMESPACE = "in the supervisor's own mount namespace, before the task lives";

/** What may stay: where, which call, how often, and why. */
const ALLOWED: [file: string, call: string, times: number, why: string][] = [
  ['effects/kernel.cpp', 'AT_FDCWD', 2, FIRST_OPEN],
  ['effects/kernel.cpp', 'SYS_openat2', 1, 'openat2 itself, with its directory'],
  ['effects/kernel.cpp', 'open', 3, `/ twice, which has no parent to be swapped; else ${KERNELS_OWN}`],
  ['effects/kernel.cpp', 'umount2', 1, BY_DESCRIPTOR],
  ['effects/mount_events.cpp', 'open', 2, KERNELS_OWN],
  ['effects/mount_table.cpp', 'open', 1, KERNELS_OWN],
  ['effects/mount_table.cpp', 'stat', 2, KERNELS_OWN],
  ['effects/path_walk.cpp', 'open', 1, '/, where a walk begins'],
  ['effects/paths.cpp', 'readlink', 1, KERNELS_OWN],
  ['effects/pins.cpp', 'opendir', 1, KERNELS_OWN],
  ['effects/pins.cpp', 'stat', 1, KERNELS_OWN],
  ['effects/proc_mounts.cpp', 'mount', 5, BY_DESCRIPTOR],
  [
    'effects/proc_mounts.cpp',
    'umount2',
    1,
    'the parent is a descriptor; one of the mount itself would keep it busy',
  ],
  ['loop/image_mount.cpp', 'open', 3, `${FIRST_OPEN}; in the driver's own folder, 0700`],
  ['loop/image_mount.cpp', 'mount', 1, BY_DESCRIPTOR],
  ['loop/loop_device.cpp', 'open', 3, "loop devices in /dev: only root's"],
  ['loop/loop_device.cpp', 'opendir', 1, KERNELS_OWN],
  ['loop/loop_device.cpp', 'access', 1, KERNELS_OWN],
  ['loop/memory_keeper.cpp', 'AT_FDCWD', 4, `${FIRST_OPEN}; ${OF_NOBODY}`],
  ['loop/memory_keeper.cpp', 'open', 2, `${FIRST_OPEN}, in the driver's own folder, 0700; ${KERNELS_OWN}`],
  ['loop/memory_keeper.cpp', 'mount', 1, `/ made private; ${OF_NOBODY}`],
  ['loop/memory_keeper.cpp', 'umount2', 2, OF_NOBODY],
  ['loop/memory_keeper.cpp', 'mkdir', 1, OF_NOBODY],
  ['loop/memory_keeper.cpp', 'rmdir', 1, OF_NOBODY],
  ['loop/memory_keeper.cpp', 'SYS_pivot_root', 1, OF_NOBODY],
  ['agent/executor/command.cpp', 'execve', 1, "the task's shell, with the task's rights"],
  ['agent/executor/command.cpp', 'open', 1, '/dev/null'],
  ['agent/executor/mounts.cpp', 'mount', 1, `/ made a slave; ${OWN_NAMESPACE}`],
  ['agent/executor/mounts.cpp', 'open', 3, `${FIRST_OPEN}; ${OWN_NAMESPACE}`],
  ['agent/executor/stage.cpp', 'SYS_pivot_root', 1, 'on ".", entered by descriptor'],
  ['agent/executor/stage.cpp', 'umount2', 1, 'on ".", entered by descriptor'],
  ['agent/executor/stage.cpp', 'chroot', 1, 'on ".", entered by descriptor'],
  ['agent/executor/stage.cpp', 'chdir', 1, 'to the new /'],
  ['agent/executor/workbench.cpp', 'open', 1, `/sys; ${OWN_NAMESPACE}`],
  ['agent/executor/workbench.cpp', 'mount', 1, `/sys; ${OWN_NAMESPACE}`],
];

/** Code without comments and without the contents of texts. */
function bare(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"/g, (found) =>
    found[0] === '"' ? '""' : ' ',
  );
}

/** The banned calls of a source, each as often as it stands there. */
function callsIn(code: string): string[] {
  const text = bare(code);
  return [...text.matchAll(CALL), ...text.matchAll(WORDS)].map((match) => match[1] as string);
}

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.[ch]pp$/.test(name))
    .map((name) => join(folder, name));
}

const lineOf = (file: string, call: string, times: number) => `${file}: ${call} ${times} times`;

sources('nothing takes a path but what has a reason to', () => {
  const found = FOLDERS.flatMap(filesOf).flatMap((file) => {
    const calls = callsIn(readFileSync(file, 'utf8'));
    const short = file.slice('native/'.length);
    return [...new Set(calls)].map((call) => lineOf(short, call, calls.filter((one) => one === call).length));
  });
  const allowed = ALLOWED.map(([file, call, times]) => lineOf(file, call, times));
  const hint =
    'take a descriptor instead (effects/kernel.hpp), or name the reason in test/sources-paths.test.ts';
  assert.equal(
    found.filter((line) => !allowed.includes(line)),
    [],
    hint,
  );
  assert.equal(
    allowed.filter((line) => !found.includes(line)),
    [],
    'this is not there any more: take it from the list',
  );
  assert.ok(ALLOWED.every(([, , , why]) => why.length > 0));
});

sources('a call that takes a path is found however it is written, and nothing else', () => {
  const banned = [
    '::mount(a, b, c, d, e);',
    'umount2 (path.c_str(), MNT_DETACH)',
    'if (stat(path, &facts) != 0) return;',
    'Fd x(::open(path, O_PATH));',
    '::openat(AT_FDCWD, path, 0)',
    'std::filesystem::exists(path)',
    'std::ifstream file(path);',
    '!realpath(path, nullptr)',
  ];
  for (const line of banned) assert.is(callsIn(line).length, 1, line);
  const fine = [
    '::openat(fd, name, O_PATH)',
    'kernel::openBeneath(fd, name, 0)',
    'thing.open(path)',
    'thing->mount(path)',
    'throw systemError("mount (bind)", root, errno); // mount(2)',
    '/* stat(path) */ ::fstat(fd, &facts)',
    'unmount(path)',
  ];
  for (const line of fine) assert.equal(callsIn(line), [], line);
});

sources.run();
