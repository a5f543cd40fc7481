import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentEvent } from '../cli/demo/agent.ts';
import { mountsBelow } from '../cli/demo/leaks.ts';
import { type DriverProcess, makeBench } from './driver_harness.ts';

/** The agent that was built; `-` stands for its folder in options that name another library. */
const AGENT = 'build/moorage-agent';

export interface AgentProcess {
  child: ChildProcess;
  events: AgentEvent[];
  said(): string;
  /** Resolves with the first event that fits, past or coming; rejects when the agent ends without it. */
  until(fits: (event: AgentEvent) => boolean): Promise<AgentEvent>;
  send(command: object): void;
  /** Resolves with the exit code, null after a signal. */
  ended: Promise<number | null>;
}

/** A folder with a space in its name, a driver, and agents on it. */
export interface EmbeddedBench {
  folder: string;
  driver: DriverProcess;
  /** Ended with the bench. */
  children: ChildProcess[];
  config: string;
  work: string;
  /** Starts the agent with these apps, or with `--commands` when there are none. */
  agent(apps?: object[], args?: string[], program?: string[]): AgentProcess;
  /** What a task printed. */
  output(event: AgentEvent, stream?: 'stdout' | 'stderr'): string;
  /** Mounts of the driver and below the managed root, the root itself left out. */
  mounts(): string[];
  journals(): string[];
  writeConfig(changes: object): void;
  clear(): Promise<void>;
}

export async function makeEmbeddedBench(): Promise<EmbeddedBench> {
  const drivers = makeBench();
  const driver = await drivers.start('ebs');
  const folder = mkdtempSync(join(tmpdir(), 'moorage agent '));
  const config = join(folder, 'config.json');
  const work = join(folder, 'work');
  const root = join(folder, 'volumes');
  const children: ChildProcess[] = [];
  let appCount = 0;

  function agent(apps: object[] = [], args: string[] = [], program = [AGENT]): AgentProcess {
    const files = apps.map((app) => {
      const file = join(folder, `app-${appCount++}.json`);
      writeFileSync(file, JSON.stringify(app));
      return file;
    });
    const mode = apps.length === 0 ? ['--commands'] : [];
    const all = [...program.slice(1), '--config', config, '--work', work, ...mode, ...args, ...files];
    const child = spawn(program[0] as string, all, { stdio: ['pipe', 'pipe', 'pipe'] });
    children.push(child);
    return follow(child);
  }

  function writeConfig(changes: object): void {
    const base = {
      agentId: 't',
      root,
      defaultDriver: 'ebs',
      drivers: { ebs: { address: `unix://${driver.socket}` } },
    };
    writeFileSync(config, JSON.stringify({ ...base, ...changes }));
  }

  writeConfig({});
  mkdirSync(work);
  return {
    folder,
    driver,
    children,
    config,
    work,
    agent,
    writeConfig,
    output: (event, stream = 'stdout') => readFileSync(join(event.sandbox as string, stream), 'utf8'),
    mounts: () =>
      [...mountsBelow(drivers.folder), ...mountsBelow(folder)].filter((target) => target !== root),
    journals: () => readdirSync(join(work, 'state', 'journal')),
    async clear() {
      for (const child of children)
        if (child.exitCode === null && child.signalCode === null) await kill(child);
      for (const target of mountsBelow(folder)) execFileSync('umount', ['-l', target]);
      await drivers.clear();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** SIGTERM first: the agent then takes its tasks with it. */
async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(timer);
}

function follow(child: ChildProcess): AgentProcess {
  const events: AgentEvent[] = [];
  const waiting: { fits: (event: AgentEvent) => boolean; resolve: (event: AgentEvent) => void }[] = [];
  let said = '';
  let rest = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  child.stdin?.on('error', () => undefined);
  child.stdout?.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) {
      const event = JSON.parse(line) as AgentEvent;
      events.push(event);
      for (const waiter of waiting.filter(({ fits }) => fits(event))) waiter.resolve(event);
    }
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    child,
    events,
    said: () => said,
    send: (command) => void child.stdin?.write(`${JSON.stringify(command)}\n`),
    ended,
    until(fits) {
      const past = events.find(fits);
      if (past) return Promise.resolve(past);
      const never = ended.then((code) => {
        throw new Error(`the agent ended with ${code} before that: ${said} ${JSON.stringify(events)}`);
      });
      return Promise.race([new Promise<AgentEvent>((resolve) => waiting.push({ fits, resolve })), never]);
    },
  };
}

export function task(app: string, state: string) {
  return (event: AgentEvent) => event.event === 'task' && event.app === app && event.state === state;
}

export async function waitUntil(what: string, holds: () => boolean, patienceMs = 15_000): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`after ${patienceMs} ms still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
