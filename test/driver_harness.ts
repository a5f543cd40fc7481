import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The program under test; another one may be named to try the driver by itself. */
const program = process.env.MOORAGE_CLI ?? 'build/moorage.mjs';
const startMs = 15_000;

export interface Answer {
  status: number;
  type: string;
  text: string;
  json: Record<string, unknown> & { Err?: string; Mountpoint?: string };
}

export interface DriverProcess {
  socket: string;
  root: string;
  /** What it said on stderr so far. */
  said(): string;
  call(method: string, body?: unknown): Promise<Answer>;
  /** Sends the signal and waits for the end; the exit code, or null when the signal ended it. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** A folder of its own for one test run, and the processes begun in it. */
export interface Bench {
  folder: string;
  /** Starts a driver and waits until it listens; rejects with what it said when it ends instead. */
  start(
    root: string,
    flags?: string[],
    socket?: string,
    env?: Record<string, string>,
  ): Promise<DriverProcess>;
  /** Kills what runs, unmounts what is left, removes the folder. */
  clear(): Promise<void>;
}

export function makeBench(): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'moorage-driver-'));
  const children: ChildProcess[] = [];

  async function start(
    root: string,
    flags: string[] = [],
    socket = `${root}.sock`,
    env: Record<string, string> = {},
  ): Promise<DriverProcess> {
    const place = { socket: join(folder, socket), root: join(folder, root) };
    const child = spawn(
      process.execPath,
      [program, 'driver', '--name', 'ebs', '--socket', place.socket, '--root', place.root, ...flags],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
    );
    children.push(child);
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    await listening(child, () => said);
    return {
      ...place,
      said: () => said,
      call: (method, body) =>
        post(place.socket, `/${method}`, body === undefined ? '' : JSON.stringify(body)),
      stop: (signal) => end(child, signal),
    };
  }

  async function clear(): Promise<void> {
    for (const child of children) await end(child, 'SIGKILL');
    for (const target of mountsBelow(folder).reverse()) execFileSync('umount', ['-l', target]);
    rmSync(folder, { recursive: true, force: true });
  }

  return { folder, start, clear };
}

/** One POST of a text, not necessarily JSON. */
export function post(socket: string, path: string, text: string, method = 'POST'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: socket, path, method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const type = response.headers['content-type'] ?? '';
        const json = type.includes('json') ? JSON.parse(body) : {};
        resolve({ status: response.statusCode ?? 0, type, text: body, json });
      });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

/** The targets of this namespace's mount table at or below a folder, in order. */
export function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target === folder || target.startsWith(`${folder}/`));
}

function listening(child: ChildProcess, said: () => string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not listening after ${startMs} ms: ${said()}`)),
      startMs,
    );
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    let printed = '';
    child.stdout?.on('data', (chunk) => {
      printed += chunk;
      if (printed.includes('\n') && JSON.parse(printed).event === 'listening') settle(resolve);
    });
    // `close` comes after the last of stderr.
    child.once('close', (code) => settle(() => reject(new Error(`ended with ${code}: ${said()}`))));
    child.once('error', (error) => settle(() => reject(error)));
  });
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once('close', (code) => resolve(code));
    child.kill(signal);
  });
}
