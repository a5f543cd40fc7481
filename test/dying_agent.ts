import { renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AgentEvent } from '../cli/demo/agent.ts';
import { type AgentProcess, type EmbeddedBench, task } from './embedded_bench.ts';

export const DYING_HOST = resolve('test/hosts/dying_host.cjs');

export interface DyingAgent {
  process: AgentProcess;
  /** Gives an order to the host that runs, or to the next one; test/hosts/dying_host.cjs has them. */
  order(text: string): void;
  /** The alerts of dead hosts so far. */
  deaths(): AgentEvent[];
}

/** An agent, on commands, whose host dies on order. */
export function dyingAgent(
  { agent, folder }: EmbeddedBench,
  args: string[] = [],
  program = ['build/moorage-agent'],
): DyingAgent {
  const file = join(folder, 'order');
  const process = agent(
    [],
    ['--host-bundle', DYING_HOST, ...args],
    ['env', `MOORAGE_DYING_FILE=${file}`, ...program],
  );
  return {
    process,
    order(text) {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
    deaths: () => process.events.filter(isDeath),
  };
}

export function isDeath({ event, code }: AgentEvent): boolean {
  return event === 'alert' && code === 'host-down';
}

/** A task on volume v1 that runs until {@link endTask}. */
export const UNTIL_END = {
  cmd: 'echo begun > data/begun; until [ -e data/end ]; do sleep 0.02; done; cat data/begun',
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
