import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildFile } from '../build_files.ts';
import { CheckError } from '../usage_error.ts';
import { type AgentEvent, type AgentKeeper, keepAgent } from './agent.ts';
import { leaksBelow } from './leaks.ts';
import { createPluginClient, type PluginClient } from './plugin_client.ts';
import { type Started, start } from './processes.ts';
import { seed } from './seed.ts';
import { verify } from './verify.ts';
import type { View } from './view.ts';
import { createWatch, type Watch } from './watch.ts';
import type { Workspace } from './workspace.ts';

const DRIVERS = ['ebs', 'scaleio'] as const;
const POLL_MS = 40;
const PATIENCE_MS = 10_000;

export interface DemoResult {
  ok: boolean;
  embedded: boolean;
  rows: { extracted: number; transformed: number; loaded: number };
  verified: boolean;
  maxHolders: number;
  leaked: string[];
  journal: string;
  /** How often the agent was started. */
  agentStarts: number;
}

export interface DemoOptions {
  workspace: Workspace;
  view: View;
  /** Kill the agent while extract and transform run. */
  killAgent: boolean;
  /** Ends everything early, in order. */
  signal: AbortSignal;
}

interface App {
  id: string;
  env?: Record<string, string>;
}

/** Drivers, agent and three tasks on real volumes; then the look at what came out and what is left. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { workspace, view } = options;
  const daemons: Started[] = [];
  let agent: AgentKeeper | undefined;
  try {
    for (const name of DRIVERS) daemons.push(await startDriver(name, options));
    const [ebs, scaleio] = DRIVERS.map((name) => createPluginClient(socketOf(workspace, name))) as [
      PluginClient,
      PluginClient,
    ];
    view.line('making three volumes and filling vol-7bca078f with the flights of vega-datasets');
    view.line(`${await seed(ebs, scaleio, workspace.directory)} rows in the source database`);
    writeConfig(workspace);
    const tasks = createTasks(options);
    const watch = createWatch(workspace.journal, buildFile('policy.wasm'));
    const heard = (event: AgentEvent) => {
      // What the journal says came before what the agent says of it.
      show(watch, view);
      tasks.heard(event);
    };
    agent = await keepAgent(workspace, heard, (text) => view.line(text));
    const embedded = agent.isEmbedded();
    await runTasks(agent, tasks, watch, options);
    await agent.finish();
    show(watch, view);
    view.end();
    const leaked = leaksBelow(workspace.directory);
    const checked = await verify(ebs, scaleio, readApp('transform').env?.FIGURES ?? '');
    await stopAll(daemons.splice(0));
    leaked.push(...leaksBelow(workspace.directory));
    const rows = { ...tasks.rows(), loaded: checked.loaded };
    const maxHolders = watch.maxHolders();
    const ok =
      embedded &&
      checked.verified &&
      leaked.length === 0 &&
      maxHolders === 2 &&
      rows.extracted >= 100_000 &&
      rows.transformed === rows.loaded;
    return {
      ok,
      embedded,
      rows,
      verified: checked.verified,
      maxHolders,
      leaked,
      journal: workspace.journal,
      agentStarts: agent.starts,
    };
  } finally {
    await agent?.stop();
    await stopAll(daemons);
  }
}

function socketOf(workspace: Workspace, driver: string): string {
  return join(workspace.sockets, `${driver}.sock`);
}

async function startDriver(name: string, { workspace, view }: DemoOptions): Promise<Started> {
  const root = join(workspace.directory, 'drivers', name);
  const args = [
    buildFile('moorage.mjs'),
    'driver',
    '--name',
    name,
    '--socket',
    socketOf(workspace, name),
    '--root',
    root,
    '--unmount-on-exit',
  ];
  let ready: () => void = () => undefined;
  const listening = new Promise<boolean>((resolve) => {
    ready = () => resolve(true);
  });
  const daemon = await start(process.execPath, args, ready, (text) => view.line(text));
  workspace.remember(daemon.child.pid as number);
  const isUp = await Promise.race([listening, daemon.ended.then(() => false)]);
  if (!isUp) throw new CheckError(`driver ${name} did not start; it says why above`);
  view.line(`driver ${name} listens on ${socketOf(workspace, name)}`);
  return daemon;
}

function writeConfig(workspace: Workspace): void {
  const drivers = Object.fromEntries(
    DRIVERS.map((name) => [name, { address: `unix://${socketOf(workspace, name)}` }]),
  );
  const config = {
    agentId: 'demo',
    root: join(workspace.directory, 'volumes'),
    defaultDriver: 'ebs',
    drivers,
  };
  writeFileSync(workspace.config, `${JSON.stringify(config, null, 2)}\n`);
}

function readApp(name: string): App {
  return JSON.parse(
    readFileSync(fileURLToPath(new URL(`../examples/etl/${name}.json`, import.meta.url)), 'utf8'),
  );
}

interface Tasks {
  heard(event: AgentEvent): void;
  /** Resolves when the task ended with 0; rejects when it failed. */
  ended(name: string): Promise<void>;
  isRunning(name: string): boolean;
  rows(): { extracted: number; transformed: number };
}

/** What the agent says of the tasks. */
function createTasks({ view }: DemoOptions): Tasks {
  const states = new Map<string, string>();
  const sandboxes = new Map<string, string>();
  const waiting: { name: string; resolve: () => void; reject: (error: Error) => void }[] = [];

  function settle(name: string, event: AgentEvent): void {
    for (const { resolve, reject } of waiting.filter((waiter) => waiter.name === name)) {
      if (event.state === 'finished') resolve();
      else
        reject(
          new CheckError(
            `task ${name}: ${event.message ?? `ended with ${event.exitCode}`}; its words are in ${event.sandbox}/stderr`,
          ),
        );
    }
  }

  return {
    heard(event) {
      if (event.event === 'limit') view.line(`container ${event.container} is limited: ${event.message}`);
      if (event.event !== 'task') return;
      const name = (event.app ?? '').replace('/etl/', '');
      states.set(name, event.state ?? '');
      if (event.sandbox) sandboxes.set(name, event.sandbox);
      view.line(`task ${name}: ${event.state}${event.message ? ` (${event.message})` : ''}`);
      view.task(event.app ?? '', event.state ?? '');
      if (event.state === 'finished' || event.state === 'failed' || event.state === 'killed')
        settle(name, event);
    },
    ended: (name) => new Promise((resolve, reject) => waiting.push({ name, resolve, reject })),
    isRunning: (name) => states.get(name) === 'running',
    rows: () => ({
      extracted: rowsIn(sandboxes.get('extract')),
      transformed: rowsIn(sandboxes.get('transform')),
    }),
  };
}

/** The count that a task printed last on its stdout: `rows 231083`. */
function rowsIn(sandbox: string | undefined): number {
  if (sandbox === undefined) return 0;
  return Number(/^rows (\d+)$/m.exec(readFileSync(join(sandbox, 'stdout'), 'utf8'))?.[1] ?? 0);
}

async function runTasks(agent: AgentKeeper, tasks: Tasks, watch: Watch, options: DemoOptions): Promise<void> {
  const aborted = new Promise<never>((_, reject) => {
    if (options.signal.aborted) reject(new CheckError('interrupted'));
    options.signal.addEventListener('abort', () => reject(new CheckError('interrupted')), { once: true });
  });
  const poll = setInterval(() => show(watch, options.view), POLL_MS);
  let kill = options.killAgent;
  const killer = setInterval(() => {
    if (!kill || !tasks.isRunning('extract') || !tasks.isRunning('transform')) return;
    kill = false;
    options.view.line('killing the agent with SIGKILL, both tasks alive');
    agent.kill();
  }, 1);
  try {
    const first = Promise.all([tasks.ended('extract'), tasks.ended('transform')]);
    agent.launch(readApp('extract'));
    agent.launch(readApp('transform'));
    await Promise.race([first, aborted]);
    const second = tasks.ended('load');
    agent.launch(readApp('load'));
    await Promise.race([second, aborted]);
  } finally {
    clearInterval(poll);
    clearInterval(killer);
  }
}

function show(watch: Watch, view: View): void {
  const lines = watch.poll();
  for (const line of lines) view.line(line);
  if (lines.length > 0) view.volumes(watch.volumes());
}

async function stopAll(daemons: Started[]): Promise<void> {
  await Promise.all(daemons.map((daemon) => daemon.stop(PATIENCE_MS)));
}
