import type { Policy } from '../../host/policy/policy.ts';
import type { Difference } from './differences.ts';
import type { EventPlace, FoundDifference, Rule, WhatIfResult } from './result.ts';

/** So many differences are kept in full. */
const SHOWN = 5;

/** Counts differences by rule, and keeps the first few. */
export interface Tally {
  take(place: EventPlace, found: readonly Difference[]): void;
  result(policy: Policy, putBack: number): WhatIfResult;
}

function begin(rule: string, { event, about }: EventPlace): Rule {
  return { rule, count: 0, first: event, about, events: 0 };
}

export function createTally(): Tally {
  const rules = new Map<string, Rule>();
  const first: FoundDifference[] = [];
  let events = 0;
  return {
    take(place, found) {
      events += 1;
      const seen = new Set<string>();
      for (const difference of found) {
        const rule = rules.get(difference.rule) ?? begin(difference.rule, place);
        rule.count += 1;
        if (!seen.has(rule.rule)) rule.events += 1;
        seen.add(rule.rule);
        rules.set(difference.rule, rule);
        if (first.length < SHOWN) first.push({ ...place, ...difference });
      }
    },
    result({ name, version, digest }, putBack) {
      const sorted = [...rules.values()].sort(
        (left, right) => right.count - left.count || left.first - right.first,
      );
      return { policy: { name, version, digest }, events, rules: sorted, first, putBack };
    },
  };
}
