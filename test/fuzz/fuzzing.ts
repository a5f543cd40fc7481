/** Builds the targets of test/fuzz/targets/, and feeds them. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildWithCmake } from '../cmake_build.ts';
import { clangWith, gccWith } from '../sanitizers.ts';
import { seedsOf } from './seeds.ts';

const SOURCES = 'test/fuzz';
/** Inputs that once broke something: each is run before anything else. */
const FOUND = 'test/fuzz/found';
const BUILD = resolve('build/fuzz');
/** Found on purpose, see test/fuzz/targets/control.cpp. */
export const CONTROL = 'control';
/** Seconds beyond its time after which a target hangs; a single input has 10. */
const PATIENCE_SECONDS = 120;
const LENGTH_MAX = 8192;
const PULSE_MS = 10_000;

export interface Engine {
  name: 'libFuzzer' | 'engine.cpp';
  compiler: string;
  sanitizers: string;
}

export interface Round {
  target: string;
  runs: number;
  /** What the sanitizers or the target itself said; empty when nothing was found. */
  report: string;
  /** The input that did it. */
  input: string | undefined;
}

/** What feeds the targets here, or why nothing can. */
export function findEngine(wanted = process.env.MOORAGE_FUZZ_ENGINE): Engine | string {
  const sanitizers = 'address,undefined';
  const clang = wanted === 'own' ? undefined : clangWith(`fuzzer,${sanitizers}`);
  if (clang) return { name: 'libFuzzer', compiler: clang, sanitizers };
  const gcc = gccWith(sanitizers) ?? clangWith(sanitizers);
  if (gcc) return { name: 'engine.cpp', compiler: gcc, sanitizers };
  return 'neither clang (packages clang and libclang-rt-14-dev) nor g++ (package g++, with libasan and libubsan) builds with sanitizers here';
}

/** Builds what is out of date. Throws with the last words of the compiler. */
export function buildTargets(engine: Engine): string {
  const folder = join(BUILD, `${engine.name}-${engine.compiler}`);
  const isLibFuzzer = engine.name === 'libFuzzer' ? 'ON' : 'OFF';
  buildWithCmake(SOURCES, folder, [
    `CMAKE_CXX_COMPILER=${engine.compiler}`,
    `MOORAGE_LIBFUZZER=${isLibFuzzer}`,
  ]);
  return folder;
}

export function targetNames(): string[] {
  return readdirSync(join(SOURCES, 'targets'))
    .map((file) => file.replace(/\.cpp$/, ''))
    .sort();
}

/** First what is known, one by one; then `seconds` of what an engine makes of it. `progress` hears now and then how far that is. */
export async function fuzz(
  folder: string,
  target: string,
  seconds: number,
  seed: number,
  progress?: (words: string) => void,
): Promise<Round> {
  const corpus = join(folder, 'corpus', target);
  const seeds = join(folder, 'seeds', target);
  rmSync(seeds, { recursive: true, force: true });
  for (const each of [corpus, seeds]) mkdirSync(each, { recursive: true });
  for (const [name, bytes] of seedsOf(target)) writeFileSync(join(seeds, name), bytes);
  const found = existsSync(join(FOUND, target)) ? [join(FOUND, target)] : [];
  if (target !== CONTROL) {
    const first = await tryInputs(folder, target, [seeds, ...found].flatMap(filesIn));
    if (first.report) return first;
  }
  const limits = [`-max_total_time=${seconds}`, `-max_len=${LENGTH_MAX}`, '-timeout=10', `-seed=${seed}`];
  const more = ['-print_final_stats=1', '-rss_limit_mb=2048'];
  return run(
    folder,
    target,
    [...limits, ...more, corpus, seeds, ...found],
    seconds + PATIENCE_SECONDS,
    progress,
  );
}

/** These inputs and no others. */
export function tryInputs(folder: string, target: string, files: string[]): Promise<Round> {
  return run(folder, target, files, PATIENCE_SECONDS);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder).map((name) => join(folder, name));
}

function prefixOf(target: string): string {
  const folder = join(BUILD, 'crashes');
  mkdirSync(folder, { recursive: true });
  return `${join(folder, target)}-`;
}

function run(
  folder: string,
  target: string,
  args: string[],
  limitSeconds: number,
  progress?: (words: string) => void,
): Promise<Round> {
  return new Promise((done) => {
    const child = spawn(join(folder, 'targets'), [...args, `-artifact_prefix=${prefixOf(target)}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        MOORAGE_FUZZ_TARGET: target,
        UBSAN_OPTIONS: 'print_stacktrace=1',
        ASAN_OPTIONS: 'handle_abort=1',
      },
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-200_000);
    });
    const pulse = setInterval(() => progress?.(lastPulse(said)), PULSE_MS);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, limitSeconds * 1000);
    const end = (how: string, isWell: boolean) => {
      clearTimeout(timer);
      clearInterval(pulse);
      const runs = Number(/stat::number_of_executed_units: +(\d+)/.exec(said)?.[1] ?? 0);
      const report = isWell ? '' : `${how}${isLate ? ` after ${limitSeconds} s` : ''}\n${said}`;
      done({ target, runs, report, input: isWell ? undefined : inputOf(said) });
    };
    child.once('error', (error) => end(error.message, false));
    child.once('close', (code, signal) => end(`it ended with ${signal ?? code}`, code === 0));
  });
}

/** Both engines tell of themselves in lines that begin with the number of runs so far. */
function lastPulse(said: string): string {
  return (
    said
      .split('\n')
      .filter((line) => line.startsWith('#'))
      .at(-1)
      ?.replaceAll(/\s+/g, ' ') ?? 'no input yet'
  );
}

/** The file that the engine names; a stack that overflowed leaves no time for it, then it is the last one that was begun. */
function inputOf(said: string): string | undefined {
  const written = /Test unit written to (\S+)/.exec(said)?.[1];
  const begun = [...said.matchAll(/^Running: (\S+)/gm)].at(-1)?.[1];
  return written ?? begun;
}

/** The report's heart: the first line that says what it is, and where in our code. */
export function summary({ report }: Round): string {
  const lines = report.split('\n');
  const what = lines.find((line) => /ERROR: |runtime error: |^broken: /.test(line)) ?? lines[0] ?? '';
  const where = lines.find((line) => /#\d+ .*native\//.test(line)) ?? '';
  return `${what.trim()} ${where.trim()}`.trim();
}
