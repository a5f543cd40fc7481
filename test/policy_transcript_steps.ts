import { failed } from './machine.ts';
import { createTranscript, type Transcript } from './policy_transcript.ts';
import { CONFIG, prepareEvent } from './world.ts';

export const KINDS = ['refused', 'failed', 'unreachable', 'timeout'] as const;
export type Kind = (typeof KINDS)[number];

export const CREATING = { ...CONFIG.drivers, ebs: { create: true, createOptions: ['size'] } };

/** Two failures: one with words of a single letter, one without words. */
export function failures(kind: Kind): Record<string, unknown>[] {
  return [{ ...failed(kind, 'E', 'n') }, { ...failed(kind, 'EIO', '') }];
}

/** One task has a volume; the transcript begins after that. */
export function start(config: Record<string, unknown> = {}, label = 'v1:d'): Transcript {
  const t = createTranscript({ config });
  t.tell(prepareEvent('c1', { volume: label }));
  t.settle(0);
  t.lines.length = 0;
  return t;
}

/** The task ends; while this operation takes its volume down the next one wants it; later that ends too. */
export function afterTheNextCame(t: Transcript, op: string): void {
  t.tell({ type: 'cleanup', id: 'c1' });
  t.upTo(op);
  t.tell(prepareEvent('c2', { volume: 'v1:d:ro' }));
  t.settle(5000);
  endAll(t);
}

export function endAll(t: Transcript): void {
  for (const id of ['c1', 'c2', 'c3']) t.tell({ type: 'cleanup', id });
  t.settle(10_000);
}

/** Settles in steps and writes down the state after each. */
export function watch(t: Transcript, steps: number, ms = 300): Transcript {
  for (let i = 0; i < steps; i++) {
    t.settle(ms);
    t.state();
  }
  return t;
}

export function vanish(t: Transcript): void {
  t.world.machine.driverMounts.clear();
  t.tell({ type: 'lost', target: '/d/ebs/v1' });
}
