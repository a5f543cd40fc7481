import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments } from '../packaging/arguments.mjs';
import { describe } from '../packaging/identity.mjs';
import { installNative } from '../packaging/native.mjs';
import { libnodeHere } from '../setup/libnode_place.mjs';
import { type Made, makePackage, whyNoPackage } from './package/made.ts';

const why = whyNoPackage();
if (why !== '') process.stdout.write(`package: skipped: ${why}\n`);
/** Whether the build has a module to package. */
const module = existsSync('build/cmake/mesos-version');
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

const here = { root: process.cwd(), build: '', out: '', log: '' };

const asked = suite('package: what is asked for');
/** Of tests that need the tools or the build. */
const askedHere = why === '' ? asked : (asked.skip as typeof asked);

asked('a revision that dpkg would not take is refused before anything is made', () => {
  assert.match(readArguments(['--revision', 'new one']).problem ?? '', '--revision new one');
  assert.is(readArguments(['--revision', '2~rc1', '--out', 'x']).problem, undefined);
});

askedHere(
  'the version says for which Mesos the module is, so that no agent gets one that it cannot load',
  () => {
    assert.is(describe(here, { revision: '3', mesos: '1.11.0' }).release, '3+mesos1.11.0');
    assert.is(describe(here, { revision: '3' }).release, '3');
  },
);

askedHere(
  'a build without the module is refused with both ways on, unless that is what is wanted',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'no-module-'));
    mkdirSync(join(folder, 'cmake'));
    const install = `file(WRITE "\${CMAKE_INSTALL_PREFIX}/libmoorage.so" "not a library")\n`;
    writeFileSync(join(folder, 'cmake/cmake_install.cmake'), install);
    const context = { ...here, build: folder, out: folder, log: join(folder, 'log') };
    const refusal = await installNative(context, false).then(
      () => '',
      (error: Error) => error.message,
    );
    assert.match(refusal, 'MESOS_PREFIX=');
    assert.match(refusal, '--without-mesos');
  },
);

asked.run();

const tests = suite('package');
const test = why === '' ? tests : (tests.skip as typeof tests);
let made: Made;

if (why === '') {
  tests.before(async () => {
    made = await makePackage(module ? [] : ['--without-mesos']);
  });
}

/** Paths and modes of what goes to /usr/lib/moorage and the like, without what documents it. */
const files: Record<string, string> = {
  '/etc/default/moorage-driver': '-rw-r--r--',
  '/etc/moorage.json': '-rw-r--r--',
  '/lib/systemd/system/moorage-driver.service': '-rw-r--r--',
  '/usr/bin/moorage': 'lrwxrwxrwx',
  '/usr/lib/moorage/host.cjs': '-rw-r--r--',
  '/usr/lib/moorage/libmoorage.so': '-rw-r--r--',
  '/usr/lib/moorage/moorage.mjs': '-rwxr-xr-x',
  '/usr/lib/moorage/moorage.node': '-rw-r--r--',
  '/usr/lib/moorage/policy.wasm': '-rw-r--r--',
  '/usr/share/man/man1/moorage.1.gz': '-rw-r--r--',
};
const ofTheModule: Record<string, string> = {
  '/etc/moorage/modules.json': '-rw-r--r--',
  '/usr/lib/moorage/libmoorage_mesos.so': '-rw-r--r--',
};

function withoutDocuments({ entries }: Made): Record<string, string> {
  const listed = entries.filter(({ path, mode }) => mode[0] !== 'd' && !path.startsWith('/usr/share/doc/'));
  return Object.fromEntries(listed.map(({ path, mode }) => [path, mode]));
}

test('the package has what an agent needs and nothing else, and nobody but root can write to it', () => {
  assert.equal(withoutDocuments(made), module ? { ...files, ...ofTheModule } : files);
  for (const { mode, owner, path } of made.entries) {
    assert.is(owner, 'root/root', path);
    if (mode[0] === 'd') assert.is(mode, 'drwxr-xr-x', path);
  }
});

test('without the module there is neither its file nor its modules.json, and its version is another', async () => {
  const other = module ? await makePackage(['--without-mesos']) : made;
  assert.equal(withoutDocuments(other), files);
  assert.is(other.fields.Version, `${version}-1`);
  assert.match(other.fields.Description ?? '', 'without the module for Mesos');
});

test('what an operator may change is a conffile, or an upgrade would overwrite it', () => {
  const inEtc = made.entries.filter(({ path, mode }) => mode[0] !== 'd' && path.startsWith('/etc/'));
  assert.equal(made.conffiles, inEtc.map(({ path }) => path).sort());
  assert.ok(made.conffiles.includes('/etc/moorage.json'));
});

test('every library that its code is linked with comes from a package that it depends on', () => {
  const depends = made.fields.Depends ?? '';
  const { archive } = libnodeHere();
  // Debian 13 has the one that counts seconds in 64 bits.
  const curl = /\blibcurl4t64\b/.test(depends) ? 'libcurl4t64' : 'libcurl4';
  for (const name of ['libc6', 'libstdc++6', curl, archive, 'nodejs', 'e2fsprogs']) {
    assert.ok(
      depends.split(', ').some((one) => one.split(' ')[0] === name),
      `${name} in: ${depends}`,
    );
  }
  assert.match(depends, `${archive} (>= 18.20)`);
});

test('libmoorage.so takes the libnode of the machine: no path of where it was built came along', () => {
  const told = execFileSync('readelf', ['-d', join(made.tree, 'usr/lib/moorage/libmoorage.so')], {
    encoding: 'utf8',
  });
  assert.match(told, libnodeHere().library);
  assert.not.match(told, /RUNPATH|RPATH/);
});

test('the version is that of package.json, the command says the same, and all files are of the last commit', () => {
  const suffix = module ? `-1+mesos${readFileSync('build/cmake/mesos-version', 'utf8').trim()}` : '-1';
  assert.is(made.fields.Version, `${version}${suffix}`);
  assert.is(made.moorage('--version').stdout.trim(), version);
  const { epoch } = describe(here, { revision: '1' });
  const time = new Date(epoch * 1000).toISOString().slice(0, 16).replace('T', ' ');
  assert.equal([...new Set(made.entries.map((entry) => entry.time))], [time]);
});

test('the command runs from where it was unpacked, and takes the configuration that lies beside it', () => {
  const script = readFileSync(join(made.tree, 'usr/bin/moorage'), 'utf8');
  assert.is(script.split('\n')[0], '#!/usr/bin/node');
  const { status, stdout } = made.moorage('config', 'check', join(made.tree, 'etc/moorage.json'));
  assert.is(status, 0);
  assert.match(stdout, '"root": "/var/lib/moorage/volumes"');
});

test('the demonstration, which needs a checkout, says so instead of making a folder in /usr', () => {
  const { status, stderr } = made.moorage('demo');
  assert.is(status, 2);
  assert.match(stderr, 'runs in a checkout');
  assert.not(existsSync(join(made.tree, 'usr/lib/moorage/demo')));
});

(module ? test : (tests.skip as typeof tests))(
  'modules.json names a module that the agent finds where it says',
  () => {
    const modules = JSON.parse(readFileSync(join(made.tree, 'etc/moorage/modules.json'), 'utf8'));
    const [library] = modules.libraries;
    const symbols = execFileSync('nm', ['-D', '--defined-only', join(made.tree, library.file)], {
      encoding: 'utf8',
    });
    assert.match(symbols, ` ${library.modules[0].name}\n`);
    assert.ok(made.conffiles.includes(library.modules[0].parameters[0].value));
  },
);

test('maintainer scripts are programs that a shell can read', () => {
  for (const name of ['postinst', 'prerm', 'postrm']) {
    const path = join(made.control, name);
    const { status, stderr } = spawnSync('sh', ['-n', path], { encoding: 'utf8' });
    assert.is(status, 0, `${name}: ${stderr}`);
    execFileSync('test', ['-x', path]);
  }
});

/** systemd.exec(5): each of these gives a service a mount namespace of its own, in which its mounts stay unseen. */
const apart =
  /^(Private(Tmp|Devices|Mounts|IPC|Network|Users)|Protect(System|Home|Proc|Kernel\w+|ControlGroups)|ProcSubset|MountFlags|MountAPIVFS|DynamicUser|Root(Directory|Image)|TemporaryFileSystem|\w+Paths|Bind\w*|ExtensionImages|LogNamespace)=/;

test('what the driver mounts is seen by the machine: its unit has no setting that hides it', () => {
  const unit = readFileSync(join(made.tree, 'lib/systemd/system/moorage-driver.service'), 'utf8').split('\n');
  assert.equal(
    unit.filter((line) => apart.test(line)),
    [],
  );
  // A name of a setting that is wrong in the expression would never be found.
  assert.ok(
    ['PrivateTmp=yes', 'ProtectKernelTunables=yes', 'ReadWritePaths=/x'].every((line) => apart.test(line)),
  );
});

test('the unit starts a command that is in the package, with options that it knows', () => {
  const unit = readFileSync(join(made.tree, 'lib/systemd/system/moorage-driver.service'), 'utf8');
  const [, program = '', command = ''] = /^ExecStart=(\S+) (\S+) \$MOORAGE_DRIVER_OPTIONS$/m.exec(unit) ?? [];
  const [, settings = ''] = /^EnvironmentFile=-(\S+)$/m.exec(unit) ?? [];
  assert.ok(existsSync(join(made.tree, program)));
  assert.ok(made.conffiles.includes(settings));
  const [, options = ''] =
    /^MOORAGE_DRIVER_OPTIONS="(.*)"$/m.exec(readFileSync(join(made.tree, settings), 'utf8')) ?? [];
  // It ends where nothing can be made, after its options were read: wrong ones end it with 2.
  const { status, stderr } = made.moorage(command, ...options.split(' '), '--root', '/dev/null');
  assert.is(status, 1, stderr);
});

test('the manual page names every command', () => {
  const page = execFileSync('zcat', [join(made.tree, 'usr/share/man/man1/moorage.1.gz')], {
    encoding: 'utf8',
  });
  const help = made.moorage('--help').stdout;
  const commands = Array.from(help.matchAll(/^ {2}([a-z]+)(?= )/gm), (match) => match[1]).filter(
    (name) => name !== 'help',
  );
  assert.ok(commands.length >= 12);
  assert.equal(
    commands.filter((name) => !page.includes(`\n.B ${name}\n`)),
    [],
  );
});

test('code of others comes with its licence', () => {
  const text = readFileSync(join(made.tree, 'usr/share/doc/moorage/copyright'), 'utf8');
  for (const name of [
    'msgpackr',
    'commander',
    'prom-client',
    'node-addon-api',
    'nlohmann-json',
    'assemblyscript',
  ]) {
    assert.match(text, `parts of ${name}`);
  }
  for (const holder of ['Kris Zyp', 'TJ Holowaychuk', 'Niels Lohmann']) assert.match(text, holder);
  assert.match(text, 'Permission is hereby granted');
});

tests.run();
