import { outcomeWords } from './effect_words.ts';
import type { Chapter } from './story.ts';

/** What came to the policy, as a sentence without a full stop. Values of labels and options are not told: they may be secrets. */
export function eventWords({ event, ended }: Chapter): string {
  switch (event.type) {
    case 'configure':
      return 'the configuration is taken';
    case 'recover':
      return `the agent has started (journal ${event.journal}, ${counted(event.containers.length, 'container')} and ${counted(event.mounts.length, 'mount')} ${event.last ? 'in its last part' : 'so far'})`;
    case 'restart':
      return 'the host has died and was started again';
    case 'prepare':
      return `container ${event.container.id} asks for its volumes`;
    case 'isolate':
      return `container ${event.id} has its process, pid ${event.pid}`;
    case 'update':
      return `the resources of container ${event.id} change`;
    case 'destroy':
      return `container ${event.id} is being killed`;
    case 'cleanup':
      return `container ${event.id} is gone`;
    case 'done':
      if (!ended) return `effect ${event.effect} ended, and was not under way`;
      return outcomeWords(ended.effect, ended.tookMs, event.ok ? undefined : failureOf(event), event.value);
    case 'lost':
      return `${event.target} has vanished from the kernel's mount table`;
    case 'operator':
      return `an operator says: ${[event.verb, event.name && `${event.driver}/${event.name}`].filter(Boolean).join(' ')}`;
    case 'swap':
      return `policy ${event.digest.slice(0, 12)} decides from here on`;
    case 'tick':
      return 'its time has come';
    case 'unreadable':
      return `an event that could not be read: ${event.why}`;
  }
}

function failureOf({ error }: Chapter['event'] & { type: 'done' }) {
  return error ?? { code: 'unknown', message: 'no reason was given', kind: 'failed' as const };
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
