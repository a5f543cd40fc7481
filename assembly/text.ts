import { MESSAGE_MAX, NEAR_MAX } from './limits.ts';

/** The list of no texts, for those that are replaced and never added to. */
export const NO_TEXTS: string[] = [];

/** Decimal digits of a whole number from 0 to 2^53, without the platform's float formatting. */
export function decimal(value: f64): string {
  if (value < 10) return String.fromCharCode(48 + i32(value));
  const rest = Math.floor(value / 10);
  return decimal(rest) + String.fromCharCode(48 + i32(value - rest * 10));
}

/** At most MESSAGE_MAX characters, never half of a surrogate pair. */
export function cut(text: string): string {
  return text.length <= MESSAGE_MAX ? text : firstOf(text, MESSAGE_MAX) + '…';
}

/** The first `most` characters of a longer text, one fewer where that would cut a surrogate pair in two. */
export function firstOf(text: string, most: i32): string {
  return text.substring(0, isLead(text, most - 1) ? most - 1 : most);
}

/** The character at `at`, both halves of a surrogate pair. */
export function characterAt(text: string, at: i32): string {
  return text.substring(at, isLead(text, at) ? at + 2 : at + 1);
}

function isLead(text: string, at: i32): bool {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00;
}

/** `a, b and c`; `none` for nothing. */
export function listed(names: string[]): string {
  if (names.length == 0) return 'none';
  let text = names[0];
  for (let i = 1; i < names.length; i++) text += (i == names.length - 1 ? ' and ' : ', ') + names[i];
  return text;
}

/** FNV-1a over the UTF-16 units: spreads retries of different volumes, the same on every machine. */
export function hash(text: string): u32 {
  let value: u32 = 2166136261;
  for (let i = 0; i < text.length; i++) {
    const mixed = value ^ u32(text.charCodeAt(i));
    // Times the prime 2^24 + 403, in two parts: a single product would not be exact where numbers are float64.
    value = u32(u32(mixed << 24) + u32(mixed * 403));
  }
  return value;
}

/**
 * The entry of `known` that needs the fewest edits to become `text`, or '' when none is near (more than a third of it differs). Texts of more
 * than NEAR_MAX characters are near to nothing.
 */
export function nearest(text: string, known: string[]): string {
  let best = '';
  if (text.length > NEAR_MAX) return best;
  let fewest = i32(text.length / 3) + 1;
  for (let i = 0; i < known.length; i++) {
    if (known[i].length > NEAR_MAX) continue;
    const edits = distance(text, known[i]);
    if (edits <= fewest && (best.length == 0 || edits < fewest)) {
      best = known[i];
      fewest = edits;
    }
  }
  return best;
}

/** Levenshtein distance. */
function distance(from: string, to: string): i32 {
  const row: i32[] = [];
  for (let j = 0; j <= to.length; j++) row.push(j);
  for (let i = 1; i <= from.length; i++) {
    let diagonal = row[0];
    row[0] = i;
    for (let j = 1; j <= to.length; j++) {
      const above = row[j];
      const swap = diagonal + (from.charCodeAt(i - 1) == to.charCodeAt(j - 1) ? 0 : 1);
      const step = (above < row[j - 1] ? above : row[j - 1]) + 1;
      row[j] = swap < step ? swap : step;
      diagonal = above;
    }
  }
  return row[to.length];
}
