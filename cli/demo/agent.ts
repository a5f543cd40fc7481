import { existsSync, readFileSync } from 'node:fs';
import { buildFile } from '../build_files.ts';
import { UsageError } from '../usage_error.ts';
import { type Started, start } from './processes.ts';
import type { Workspace } from './workspace.ts';

/** A line of the reference agent's stdout. */
export interface AgentEvent {
  event: 'agent' | 'task' | 'alert' | 'limit';
  state?: string;
  app?: string;
  container?: string;
  exitCode?: number;
  message?: string;
  code?: string;
  sandbox?: string;
  pid?: number;
  mounts?: { source: string; target: string; readonly: boolean }[];
  /** What a start found. */
  containers?: number;
  orphans?: number;
}

/** The reference agent, started again whenever it is killed, as a service manager does. */
export interface AgentKeeper {
  launch(app: object): void;
  /** SIGKILL, without a word. */
  kill(): void;
  readonly starts: number;
  /** True while libmoorage.so and libnode are mapped into the agent (proc_pid_maps(5)). */
  isEmbedded(): boolean;
  /** Lets it end by itself; resolves when it has. */
  finish(): Promise<void>;
  stop(): Promise<void>;
}

const RESTARTS_MAX = 5;
const PATIENCE_MS = 30_000;

export async function keepAgent(
  workspace: Workspace,
  heard: (event: AgentEvent) => void,
  words: (text: string) => void,
): Promise<AgentKeeper> {
  const program = buildFile('moorage-agent');
  if (!existsSync(program)) {
    throw new UsageError(
      `${program} is not built: the demonstration needs Debian's libnode on x86_64; see what npm run build says`,
    );
  }
  let starts = 0;
  let ending = false;
  let current: Started;
  let finished: () => void = () => undefined;
  let failed: (error: Error) => void = () => undefined;
  const over = new Promise<void>((resolve, reject) => {
    finished = resolve;
    failed = reject;
  });
  over.catch(() => undefined);

  async function begin(): Promise<void> {
    starts += 1;
    const args = [
      '--config',
      workspace.config,
      '--work',
      workspace.work,
      '--state',
      workspace.state,
      '--commands',
    ];
    let ready: () => void = () => undefined;
    const recovered = new Promise<void>((resolve) => {
      ready = resolve;
    });
    current = await start(
      program,
      args,
      (line) => {
        const event = JSON.parse(line) as AgentEvent;
        if (event.event === 'agent' && event.state === 'recovered') ready();
        heard(event);
      },
      words,
    );
    workspace.remember(current.child.pid as number);
    void current.ended.then(({ code, signal }) => after(code, signal));
    await Promise.race([recovered, current.ended.then(() => over)]);
  }

  function after(code: number | null, signal: NodeJS.Signals | null): void {
    if (signal === 'SIGKILL' && !ending && starts <= RESTARTS_MAX) {
      words('the agent was killed; starting it again');
      begin().catch(failed);
    } else if (code === 0 || code === 1) finished();
    else failed(new Error(`the agent ended with ${signal ?? `exit code ${code}`}`));
  }

  await begin();
  return {
    launch: (app) => void current.child.stdin?.write(`${JSON.stringify({ launch: app })}\n`),
    kill: () => void current.child.kill('SIGKILL'),
    get starts() {
      return starts;
    },
    isEmbedded: () => isMapped(current.child.pid as number, ['libmoorage.so', 'libnode.so']),
    finish: () => {
      current.child.stdin?.end();
      return over;
    },
    async stop() {
      ending = true;
      if (current.child.exitCode === null && current.child.signalCode === null)
        await current.stop(PATIENCE_MS);
    },
  };
}

function isMapped(pid: number, libraries: string[]): boolean {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  return libraries.every((library) => maps.includes(`/${library}`));
}
