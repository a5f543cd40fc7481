import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { startEasy } from '../test/easy_host.ts';

const LIVE = 10_000;
const MS = 4000;

/** Asks again and again, in a thread of its own, and says how long each answer took and how long it was. */
const ASKER = `
const { request } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
let goes = true;
parentPort.on('message', () => { goes = false; });
function ask() {
  const begun = performance.now();
  let bytes = 0;
  const { socketPath, path } = workerData;
  request({ socketPath, path }, (response) => {
    response.on('data', (part) => { bytes += part.length; });
    response.on('end', () => {
      parentPort.postMessage({ ms: performance.now() - begun, bytes });
      if (goes) ask(); else process.exit(0);
    });
  }).end();
}
ask();
`;

interface Answer {
  ms: number;
  bytes: number;
}

/** `npm run bench -- status [CONTAINERS]`: what callers of the isolator notice of somebody who asks for status or metrics all the time. */
export async function benchStatus([live = String(LIVE)]: string[]): Promise<void> {
  const top = mkdtempSync(join(tmpdir(), 'moorage-bench-'));
  const awake = setInterval(() => undefined, 1000);
  try {
    const state = join(top, 's');
    const host = await startEasy(state, {});
    const ids = Array.from({ length: Number(live) }, (_, at) => `live-${at}`);
    for (let at = 0; at < ids.length; at += 100) await Promise.all(ids.slice(at, at + 100).map(host.prepare));
    print(`${live} live containers; node ${process.version}`);
    print('asked             calls   median (ms)   p99 (ms)   max (ms)   answers   each (ms)    KiB');
    let number = 0;
    const life = async () => {
      number += 1;
      await host.prepare(`task-${number}`);
      await host.cleanup(`task-${number}`);
    };
    for (const path of ['', '/status', '/metrics', '']) {
      const answers: Answer[] = [];
      const asker = path === '' ? undefined : startAsker(join(state, 'admin.sock'), path, answers);
      const calls = await measure(life, MS);
      asker?.postMessage('end');
      if (asker) await new Promise((ended) => asker.once('exit', ended));
      row(path === '' ? 'nothing' : path, calls, answers);
    }
    await host.host.close(1000);
  } finally {
    clearInterval(awake);
    rmSync(top, { recursive: true, force: true });
  }
}

function startAsker(socketPath: string, path: string, answers: Answer[]): Worker {
  const worker = new Worker(ASKER, { eval: true, workerData: { socketPath, path } });
  worker.on('message', (answer: Answer) => answers.push(answer));
  return worker;
}

async function measure(work: () => Promise<void>, ms: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return times.sort((left, right) => left - right);
}

function row(what: string, calls: number[], answers: Answer[]): void {
  const at = (part: number) =>
    (calls[Math.min(calls.length - 1, Math.floor(calls.length * part))] as number).toFixed(2);
  const mean = (of: (answer: Answer) => number) =>
    answers.length === 0
      ? ''
      : Math.round(answers.reduce((sum, answer) => sum + of(answer), 0) / answers.length);
  const cells = [
    calls.length,
    at(0.5),
    at(0.99),
    at(1),
    answers.length,
    mean(({ ms }) => ms),
    mean(({ bytes }) => bytes / 1024),
  ];
  const widths = [8, 14, 11, 11, 10, 12, 7];
  print(
    what.padEnd(15) + cells.map((cell, index) => String(cell).padStart(widths[index] as number)).join(''),
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
