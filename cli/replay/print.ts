import type { EventPlace, FirstDivergence, TraceResult, WhatIfResult } from './result.ts';

const LONGEST = 300;

/** One JSON object for a trace, on one line. */
export function asJson(result: TraceResult): string {
  if (result.error !== undefined) return `${JSON.stringify({ trace: result.trace, error: result.error })}\n`;
  // A value that one side does not have is null: JSON would leave it out.
  return `${JSON.stringify(result, (_, value) => (isDifference(value) ? { ...value, recorded: value.recorded ?? null, now: value.now ?? null } : value))}\n`;
}

function isDifference(value: unknown): value is { recorded: unknown; now: unknown } {
  return typeof value === 'object' && value !== null && 'rule' in value && 'field' in value;
}

/** The result for people. */
export function asText(result: TraceResult): string {
  const { trace, events, segments, divergence, whatIf } = result;
  if (divergence) return diverged(trace, divergence) + (whatIf?.events ? differing(trace, whatIf) : '');
  if (whatIf?.events) return differing(trace, whatIf);
  return `${trace}: ${count(events, 'event')} in ${count(segments, 'segment')}, identical\n`;
}

function diverged(trace: string, found: FirstDivergence): string {
  const { field, recorded, now, effects, asked, decided } = found;
  const why =
    asked === decided
      ? 'the policy that wrote the journal does not decide so again: the journal or the host has changed since'
      : `the policy that decided is not in the archive; with ${decided}.wasm in policies/ beside the journal both values are told, and what comes after`;
  return [
    `${trace}: diverged at ${place(found)}`,
    `  field     ${field}`,
    `  recorded  ${recorded}`,
    `  now       ${now}: ${short(effects)}`,
    `  why       ${why}`,
    '',
  ].join('\n');
}

function differing(trace: string, { policy, events, rules, first, putBack }: WhatIfResult): string {
  const lines = [
    `${trace}: ${policy.name} ${policy.version} (${policy.digest.slice(0, 12)}) decides ${count(events, 'event')} differently`,
    '  count  first at  rule',
    ...rules.map(
      ({ rule, count, first }) => `${String(count).padStart(7)}  ${String(first).padStart(8)}  ${rule}`,
    ),
  ];
  for (const difference of first) {
    lines.push(
      `  ${place(difference)}`,
      `    field     ${difference.field} (${difference.rule})`,
      `    recorded  ${short(difference.recorded)}`,
      `    now       ${short(difference.now)}`,
    );
  }
  if (putBack > 0)
    lines.push(
      `  ${count(putBack, 'time')} it asked for something else than what the journal answers, and was put into the recorded state again`,
    );
  return `${lines.join('\n')}\n`;
}

function place({ event, type, about, at, wall }: EventPlace): string {
  return `event ${event}, ${type}${about && ` of ${about}`} at ${at} ms${wall === undefined ? '' : ` (${wall})`}`;
}

function short(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (--json has all of it)` : text;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
