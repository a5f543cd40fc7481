import { mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { harm, parseSimulation } from '../setup/apt.mjs';
import { readArguments } from '../setup/arguments.mjs';
import { run } from '../setup/command.mjs';
import { libnodeOf } from '../setup/libnodes.mjs';
import { takeLock } from '../setup/lock.mjs';
import { judgePlatform } from '../setup/platform.mjs';
import { createReport } from '../setup/report.mjs';
import { digest, stamped } from '../setup/stamp.mjs';
import { missingTools } from '../setup/steps/debian.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const trixie = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n';
const bookworm = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n';

const platform = suite('setup: platform');

platform('Debian 12 and 13 on x64 build everything, and say nothing about it', () => {
  for (const osRelease of [bookworm, trixie]) {
    const judged = judgePlatform({ platform: 'linux', arch: 'x64', osRelease });
    assert.equal(judged, { level: 'full', sentence: '' });
  }
});

platform('another Linux goes without what embeds libnode, and is told so by name', () => {
  const osRelease = 'PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nVERSION_ID="24.04"\n';
  const { level, sentence } = judgePlatform({ platform: 'linux', arch: 'x64', osRelease });
  assert.is(level, 'addon');
  assert.match(sentence, 'Ubuntu 24.04');
  assert.is(judgePlatform({ platform: 'linux', arch: 'arm64', osRelease: bookworm }).level, 'addon');
});

platform('a Debian whose libnode nobody tried goes without what embeds it', () => {
  const osRelease = 'PRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\nID=debian\nVERSION_ID="11"\n';
  assert.is(judgePlatform({ platform: 'linux', arch: 'x64', osRelease }).level, 'addon');
});

platform('each Debian has the libnode of its own', () => {
  assert.is(libnodeOf(bookworm)?.archive, 'libnode108');
  assert.is(libnodeOf(trixie)?.archive, 'libnode115');
  // An os-release that only looks like Debian's.
  assert.is(libnodeOf(trixie.replace('ID=debian', 'ID=other')), undefined);
});

platform('without Linux only the policy is built', () => {
  assert.is(judgePlatform({ platform: 'darwin', arch: 'arm64', osRelease: '' }).level, 'policy');
});

platform.run();

const packages = suite('setup: packages');

packages('an installation that replaces the Node of the user is seen in the simulation', () => {
  const plan = parseSimulation(
    'Inst libuv1-dev (1.44.2-1 Debian:12 [amd64])\nInst nodejs [20.20.2-1nodesource1] (18.20.4 Debian:12 [amd64])\n',
    true,
  );
  assert.is(harm(plan), 'it would replace nodejs 20.20.2-1nodesource1');
});

packages('an installation that removes packages is seen in the simulation', () => {
  const plan = parseSimulation('Remv npm [9.2.0]\nInst libnode-dev (18.20.4 Debian:12 [amd64])\n', true);
  assert.equal(plan.removes, ['npm']);
  assert.is(harm(plan), 'it would remove npm');
});

packages('an installation that only adds does no harm, also when it adds a nodejs', () => {
  const plan = parseSimulation('Inst nodejs (18.20.4 Debian:12 [amd64])\nConf nodejs (18.20.4)\n', true);
  assert.equal(plan.installs, [{ name: 'nodejs', from: '' }]);
  assert.is(harm(plan), '');
});

packages('missing lists are told from a refusal', () => {
  assert.ok(parseSimulation('E: Unable to locate package libnode-dev\n', false).unknown);
  assert.not(
    parseSimulation('E: Unable to correct problems, you have held broken packages.\n', false).unknown,
  );
});

packages('a package that serves as well is not asked for again', () => {
  const rest = [
    'cmake',
    'ninja-build',
    'nlohmann-json3-dev',
    'e2fsprogs',
    'fuse2fs',
    'sqlite3',
    'util-linux',
  ];
  const python = 'python3-prometheus-client';
  const installed = new Map(['libcurl4-gnutls-dev', python, ...rest].map((name) => [name, '1']));
  assert.equal(missingTools(installed, {}), ['g++']);
  assert.equal(missingTools(installed, { CXX: '/opt/bin/c++' }), []);
});

packages(
  'every optional package has its entry in the lock file, or npm ci fails where a registry lacks one',
  () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const missing = Object.values<{ optionalDependencies?: Record<string, string> }>(packages)
      .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}))
      .filter((name) => packages[`node_modules/${name}`] === undefined);
    assert.equal(missing, []);
  },
);

packages.run();

const steps = suite<{ folder: string }>('setup: steps');

steps.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'setup with blanks '));
  mkdirSync(join(context.folder, 'in'));
  writeFileSync(join(context.folder, 'in', 'a'), 'one');
});

steps.after.each(({ folder }) => rmSync(folder, { recursive: true }));

/** A step that copies in/a to out, and counts how often it ran. */
function copyStep(folder: string, fail = false) {
  const count = { runs: 0 };
  const step = stamped({
    name: 'copy',
    does: 'copy',
    levels: ['full'],
    key: ({ root: base }) => digest(base, ['in']),
    outputs: ({ root: base }) => [join(base, 'out')],
    run: async ({ root: base }) => {
      count.runs += 1;
      if (fail) throw new Error('interrupted');
      writeFileSync(join(base, 'out'), readFileSync(join(base, 'in', 'a')));
    },
  });
  const context = {
    root: folder,
    build: folder,
    log: join(folder, 'log'),
    level: 'full' as const,
    note: () => {},
  };
  return { step, context, count };
}

steps('a step is fresh after it ran, and not when an input or an output changed', async ({ folder }) => {
  const { step, context } = copyStep(folder);
  assert.not(step.fresh(context));
  await step.run(context);
  assert.ok(step.fresh(context));
  writeFileSync(join(folder, 'in', 'a'), 'two');
  assert.not(step.fresh(context));
  await step.run(context);
  unlinkSync(join(folder, 'out'));
  assert.not(step.fresh(context));
});

steps('a new file in a folder of inputs makes the step run again', async ({ folder }) => {
  const { step, context } = copyStep(folder);
  await step.run(context);
  writeFileSync(join(folder, 'in', 'b'), '');
  assert.not(step.fresh(context));
});

steps('a step that failed leaves no stamp, not even an older one', async ({ folder }) => {
  const good = copyStep(folder);
  await good.step.run(good.context);
  const bad = copyStep(folder, true);
  await bad.step.run(bad.context).then(
    () => assert.unreachable('it should have failed'),
    (error) => assert.is(error.message, 'interrupted'),
  );
  assert.not(good.step.fresh(good.context));
});

steps('a failed command shows its last lines, its exit code and where the log is', async ({ folder }) => {
  const log = join(folder, 'log');
  writeFileSync(log, '');
  const script = 'for i in $(seq 100); do echo line $i; done; exit 7';
  const error = await run({ log }, 'sh', ['-c', script], { failure: 'nothing was made' }).catch(
    (reason) => reason,
  );
  assert.match(error.message, /^nothing was made: sh ended with exit code 7/);
  assert.match(error.message, log);
  assert.match(error.message, 'line 100');
  assert.not.match(error.message, 'line 50');
});

steps('a command that is not there is named', async ({ folder }) => {
  const log = join(folder, 'log');
  writeFileSync(log, '');
  const error = await run({ log }, 'no-such-tool', [], { failure: 'nothing was made' }).catch(
    (reason) => reason,
  );
  assert.match(error.message, 'no-such-tool cannot be started: it is not installed or not on PATH');
});

steps('two set-ups never work at once, and the lock of a dead one is taken over', async ({ folder }) => {
  const notes: string[] = [];
  const context = { build: folder, log: join(folder, 'log'), note: (text: string) => notes.push(text) };
  const release = await takeLock(context);
  let second = false;
  const waiting = takeLock(context).then((releaseSecond) => {
    second = true;
    return releaseSecond;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.not(second);
  assert.match(notes.join(), 'waiting for another set-up');
  release();
  (await waiting)();

  writeFileSync(join(folder, 'setup.lock'), '4194305 1\n');
  (await takeLock(context))();
});

steps.run();

const words = suite('setup: words');

words('a quiet set-up with nothing to do says nothing', () => {
  let said = '';
  const report = createReport({ quiet: true, write: (text) => (said += text) });
  report.upToDate('policy');
  report.finished();
  assert.is(said, '');
});

words('a step is one line with its time', () => {
  let said = '';
  let at = 0;
  const report = createReport({ quiet: true, write: (text) => (said += text), now: () => at });
  report.begin('policy', 'compile it');
  at = 1250;
  report.end();
  assert.is(said, 'setup: policy: compile it … 1.3 s\n');
});

words('an unknown step is refused with the names of all', () => {
  assert.match(
    readArguments(['--only', 'npm,polic'], ['npm', 'policy']).problem ?? '',
    'polic: there is no such step',
  );
  assert.match(readArguments(['--fast'], ['npm']).problem ?? '', '--fast');
  assert.equal(readArguments(['--only', 'npm,policy'], ['npm', 'policy']).only, ['npm', 'policy']);
});

words.run();
