import { decodeEffect } from '../frames/effect_frame.ts';
import type { AlertEffect } from '../frames/types.ts';

/** An alert, and how often it has been said. */
export interface ToldAlert extends Omit<AlertEffect, 'type'> {
  /** Of the first and the last time, ISO 8601. */
  first: string;
  last: string;
  count: number;
}

/** The alerts since this host began, the same one kept once. */
export interface Alerts {
  take(alert: AlertEffect): void;
  /** The one said last comes last. */
  list(): ToldAlert[];
}

/** So many different ones are kept; the oldest goes. */
const KEPT = 200;

export function createAlerts(now: () => Date = () => new Date()): Alerts {
  const kept = new Map<string, ToldAlert>();
  return {
    take({ type: _, ...alert }) {
      const { level, code, container, volume } = alert;
      const time = now().toISOString();
      const key = [level, code, container ?? '', volume ?? '', container || volume ? '' : alert.message].join(
        '\n',
      );
      const before = kept.get(key);
      kept.delete(key);
      kept.set(key, { ...alert, first: before?.first ?? time, last: time, count: (before?.count ?? 0) + 1 });
      if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
    },
    list: () => [...kept.values()],
  };
}

/** The alert in a frame for the embedding program; undefined when it is another effect. */
export function alertIn(frame: Uint8Array): AlertEffect | undefined {
  const effect = decodeEffect(frame);
  return effect.type === 'alert' ? effect : undefined;
}
