/**
 * `npm run tidy`, a part of `npm run check`: clang-tidy over native/, with the checks of native/.clang-tidy. What was clean, and is as it
 * was, is not looked at again. Exit code 1 when something was found; where it cannot run it says why, and that is no failure.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { libnodePrefix } from '../../setup/libnode_place.mjs';
import { readUnits, type Unit } from './units.ts';

const FOLDER = resolve('build/tidy');
const CLEAN = join(FOLDER, 'clean');
const CONFIG = 'native/.clang-tidy';
/** The newest first; Debian's names. */
const NAMES = ['clang-tidy', ...[21, 20, 19, 18, 17, 16, 15, 14].map((version) => `clang-tidy-${version}`)];

interface Tool {
  name: string;
  version: string;
}

function findTool(): Tool | undefined {
  for (const name of NAMES) {
    const { status, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' });
    if (status === 0) return { name, version: /version \S+/.exec(stdout)?.[0] ?? stdout };
  }
  return undefined;
}

/** Why CMake cannot say how native/ is compiled; undefined when it can, and has. */
function configure(): string | undefined {
  const prefix = libnodePrefix(resolve('build'));
  if (prefix === undefined) return 'the headers of libnode are not here; npm run build gets them';
  const define = [
    'CMAKE_UNITY_BUILD=ON',
    'CMAKE_UNITY_BUILD_BATCH_SIZE=0',
    'CMAKE_EXPORT_COMPILE_COMMANDS=ON',
    `MOORAGE_LIBNODE=${prefix}`,
  ];
  const mesos = `MESOS_PREFIX=${process.env.MESOS_PREFIX ?? ''}`;
  const args = [
    '-S',
    'native',
    '-B',
    FOLDER,
    '-G',
    'Ninja',
    ...[...define, mesos].map((each) => `-D${each}`),
  ];
  const { status, stderr, error } = spawnSync('cmake', args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `native/ cannot be configured here: ${error?.message ?? stderr.trim()}`;
}

/** What it found, or nothing. */
function look(tool: Tool, unit: Unit): Promise<string> {
  const args = ['--quiet', '-p', FOLDER, `--config-file=${CONFIG}`, '--header-filter=/native/.*', unit.file];
  return new Promise((done) => {
    const child = spawn(tool.name, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let found = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      found += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.once('error', (error) => done(error.message));
    child.once('close', (code) => done(code === 0 ? found : `${found}\n${said}`));
  });
}

/** Each unit once, as many at a time as there are processors. The findings, one text a unit. */
async function lookAtAll(tool: Tool, units: Unit[]): Promise<string[]> {
  const findings: string[] = [];
  const left = [...units];
  const lane = async () => {
    for (let unit = left.shift(); unit; unit = left.shift()) {
      const found = (await look(tool, unit)).trim();
      process.stderr.write(
        `tidy: ${unit.name}: ${found === '' ? 'clean' : 'NOT CLEAN'}, ${left.length} wait\n`,
      );
      if (found === '') writeFileSync(join(CLEAN, unit.digest), `${unit.name}\n`);
      else findings.push(found);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return findings;
}

async function main(): Promise<void> {
  const tool = findTool();
  if (!tool) return skip('clang-tidy is not installed; apt-get install clang-tidy');
  const obstacle = configure();
  if (obstacle) return skip(obstacle);
  mkdirSync(CLEAN, { recursive: true });
  const units = readUnits(FOLDER, [
    tool.version,
    readFileSync(CONFIG, 'utf8'),
    readFileSync('package-lock.json', 'utf8'),
  ]);
  const changed = units.filter(({ digest }) => !existsSync(join(CLEAN, digest)));
  const begun = performance.now();
  const findings = await lookAtAll(tool, changed);
  for (const text of findings) process.stdout.write(`${text}\n`);
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  const what = `${changed.length} of ${units.length} units of native/ in ${seconds} s`;
  process.stdout.write(
    `tidy: ${tool.name} ${tool.version}: ${what}: ${findings.length === 0 ? 'clean' : 'not clean'}\n`,
  );
  if (findings.length > 0) process.exitCode = 1;
}

function skip(why: string): void {
  process.stdout.write(`tidy: skipped: ${why}\n`);
}

await main();
