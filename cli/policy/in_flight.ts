import { decodeEvent } from '../../host/frames/event_frame.ts';
import type { Effect, Event, WorkEffect } from '../../host/frames/types.ts';
import type { PresentCall } from '../../simulator/present/present.ts';

/** What a journal leaves open at its end: calls without an answer, and effects of which no end is told. */
export interface InFlight {
  take(frame: Uint8Array, effects: readonly Effect[]): void;
  calls(): PresentCall[];
  effects(): WorkEffect[];
  /** Calls before this one are of an earlier time. */
  firstCall(): number;
  lastCall(): number;
}

export function createInFlight(): InFlight {
  const calls = new Map<number, string>();
  const work = new Map<number, WorkEffect>();
  let firstCall = 0;
  let lastCall = 0;

  /** A host that starts anew gets no answer for another one. */
  function begin(): void {
    calls.clear();
    work.clear();
  }

  function hear(event: Event): void {
    if (event.type === 'restart' || (event.type === 'recover' && event.part === 0)) begin();
    if (event.type === 'done') work.delete(event.effect);
    if (!('call' in event) || typeof event.call !== 'number' || event.call < 0) return;
    firstCall ||= event.call;
    lastCall = Math.max(lastCall, event.call);
    if (event.type === 'prepare') calls.set(event.call, event.container.id);
  }

  return {
    take(frame, effects) {
      try {
        hear(decodeEvent(frame));
      } catch {
        // The policy has answered it as unreadable, and begins nothing.
        return;
      }
      for (const effect of effects) {
        if (effect.type === 'reply') calls.delete(effect.call);
        else if ('effect' in effect) work.set(effect.effect, effect);
      }
    },
    calls: () => [...calls].map(([call, id]) => ({ call, id })),
    effects: () => [...work.values()],
    firstCall: () => firstCall,
    lastCall: () => lastCall,
  };
}
