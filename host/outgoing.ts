import type { Alarm } from './alarm.ts';
import type { Binding } from './binding.ts';
import type { Directory } from './directory.ts';
import { perform } from './effects/perform.ts';
import { encodeEffect } from './frames/effect_frame.ts';
import type { Effect, ReplyEffect, WorkEffect } from './frames/types.ts';
import type { Log } from './log.ts';
import type { LostWatch } from './lost_watch.ts';
import type { Meter } from './meter.ts';

export interface OutgoingParts {
  binding: Binding;
  directory: Directory;
  alarm: Alarm;
  log: Log;
  watch: LostWatch;
  meter: Meter | undefined;
  /** A `limit` or `alert` frame for the embedding program. */
  notice(frame: Uint8Array): void;
  /** How an effect ended, as an event. */
  ended(event: Record<string, unknown>): void;
}

/** Where effects go. */
export interface Outgoing {
  begin(effect: Effect): void;
  /** `answer` gets the reply to that call, once. */
  expect(call: number, answer: (reply: ReplyEffect) => void): void;
  /** Something that a person should know, and that no policy has said. */
  alert(level: 'info' | 'warn' | 'error', code: string, message: string): void;
  /** Effects that are being performed. */
  inFlight(): number;
}

export function createOutgoing({
  binding,
  directory,
  alarm,
  log,
  watch,
  meter,
  notice,
  ended,
}: OutgoingParts): Outgoing {
  const answers = new Map<number, (reply: ReplyEffect) => void>();
  let inFlight = 0;

  function begin(effect: Effect): void {
    if (effect.type === 'reply') reply(effect);
    else if (effect.type === 'wake') alarm.set(effect.at);
    else if (effect.type === 'limit' || effect.type === 'alert') tellCaller(effect);
    else void work(effect);
  }

  function reply(effect: ReplyEffect): void {
    const answer = answers.get(effect.call);
    answers.delete(effect.call);
    answer?.(effect);
  }

  function tellCaller(effect: Effect & { type: 'limit' | 'alert' }): void {
    if (effect.type === 'alert') log(effect.level, `${effect.code}: ${effect.message}`);
    else log('error', `container ${effect.id} is limited: ${effect.reason}`);
    notice(encodeEffect(effect));
  }

  async function work(effect: WorkEffect): Promise<void> {
    inFlight += 1;
    const begun = performance.now();
    watch.begin(effect);
    const outcome = await perform(effect, binding, directory);
    watch.end(effect, outcome);
    inFlight -= 1;
    meter?.performed(effect, outcome, performance.now() - begun);
    ended({ type: 'done', effect: effect.effect, ...outcome });
  }

  return {
    begin,
    expect: (call, answer) => {
      answers.set(call, answer);
    },
    alert: (level, code, message) => tellCaller({ type: 'alert', level, code, message }),
    inFlight: () => inFlight,
  };
}
