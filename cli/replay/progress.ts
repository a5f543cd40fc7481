import { statSync } from 'node:fs';
import { findTrace } from './trace.ts';

/** Milliseconds between two pictures. */
const PAUSE_MS = 100;
const BAR = 24;

/** A line on a terminal that says how far a replay is. */
export interface Progress {
  /** So many bytes and events of a trace are done. */
  at(index: number, bytes: number, events: number): void;
  done(index: number): void;
  /** Takes the line away, so that others can be written. */
  clear(): void;
}

export interface ProgressOptions {
  write(text: string): void;
  /** Milliseconds. */
  now(): number;
}

export const NO_PROGRESS: Progress = { at: () => undefined, done: () => undefined, clear: () => undefined };

/** `sizes`: bytes of each trace. */
export function createProgress(sizes: readonly number[], { write, now }: ProgressOptions): Progress {
  const total = Math.max(
    1,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  const bytesOf = sizes.map(() => 0);
  const eventsOf = sizes.map(() => 0);
  const begun = now();
  let drawnAt = begun;
  let ready = 0;
  let isDrawn = false;

  function draw(): void {
    if (now() - drawnAt < PAUSE_MS) return;
    drawnAt = now();
    isDrawn = true;
    const part = Math.min(1, sum(bytesOf) / total);
    const events = sum(eventsOf);
    const filled = Math.round(part * BAR);
    const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}`;
    const rate = Math.round(events / (now() - begun));
    write(
      `\r\u001b[Kreplay [${bar}] ${Math.floor(part * 100)} %, ${ready} of ${sizes.length} traces, ${events} events, ${rate}k a second`,
    );
  }

  return {
    at(index, bytes, events) {
      bytesOf[index] = bytes;
      eventsOf[index] = events;
      draw();
    },
    done(index) {
      bytesOf[index] = sizes[index] as number;
      ready += 1;
      draw();
    },
    clear() {
      if (isDrawn) write('\r\u001b[K');
      isDrawn = false;
    },
  };
}

/** Bytes of a trace; nothing for one that cannot be read, which is said later. */
export function sizeOf(trace: string): number {
  try {
    return statSync(trace).isFile() ? statSync(trace).size : findTrace(trace).size;
  } catch {
    return 0;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
