import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AgentEvent } from '../cli/demo/agent.ts';
import { type AgentProcess, type EmbeddedBench, task } from './embedded_bench.ts';

export const DYING_HOST = resolve('test/hosts/dying_host.cjs');

/** What tells the host of a test to die. */
export interface Orders {
  /** For MOORAGE_DYING_FILE. */
  file: string;
  /** Gives an order to the host that runs, or to the next one; test/hosts/dying_host.cjs has them. */
  order(text: string): void;
  /** From now on no host comes up; the one that runs is not touched. */
  keepDown(): void;
  letUp(): void;
}

export function ordersIn(folder: string): Orders {
  const file = join(folder, 'order');
  return {
    file,
    order(text) {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
    keepDown: () => writeFileSync(`${file}.down`, ''),
    letUp: () => rmSync(`${file}.down`, { force: true }),
  };
}

export interface DyingAgent extends Orders {
  process: AgentProcess;
  /** The alerts of dead hosts so far. */
  deaths(): AgentEvent[];
}

/** An agent, on commands, whose host dies on order. */
export function dyingAgent(
  { agent, folder }: EmbeddedBench,
  args: string[] = [],
  program = ['build/moorage-agent'],
  bundle = DYING_HOST,
): DyingAgent {
  const orders = ordersIn(folder);
  const start = ['env', `MOORAGE_DYING_FILE=${orders.file}`, ...program];
  const process = agent([], ['--host-bundle', bundle, ...args], start);
  return { ...orders, process, deaths: () => process.events.filter(isDeath) };
}

export function isDeath({ event, code }: AgentEvent): boolean {
  return event === 'alert' && code === 'host-down';
}

/** A task on volume v1 that runs until {@link endTask}. Others that do the same on that volume never leave it without what it says at its end. */
export const UNTIL_END = {
  cmd: 'echo begun > data/begun.$$; mv data/begun.$$ data/begun; until [ -e data/end ]; do sleep 0.02; done; cat data/begun',
  labels: { volume: 'v1:data' },
};

/** Launches a task that runs until it is told to end; resolves with its `running` event. */
export function launchWaiting({ process }: DyingAgent, id: string, labels = UNTIL_END.labels) {
  process.send({ launch: { ...UNTIL_END, id, labels } });
  return process.until(task(id, 'running'));
}

export function endTask({ pid }: AgentEvent): void {
  writeFileSync(`/proc/${pid}/cwd/data/end`, '');
}
