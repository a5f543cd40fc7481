import { FRAME_MAX } from '../../host/frames/schema.ts';
import { type Node, nodesOf } from './nodes.ts';
import { PALETTE } from './palette.ts';

type Random = (limit: number) => number;

/** A good frame, taken apart once. */
export interface Real {
  frame: Uint8Array;
  nodes: Node[];
}

export function takeApart(frame: Uint8Array): Real {
  return { frame, nodes: nodesOf(frame) };
}

/** Where one edit begins, how many bytes it takes away, and what comes instead. */
interface Edit {
  start: number;
  end: number;
  by: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/**
 * Frames made from real ones: a value replaced by one of another kind or by one from another frame, doubled, left out, with a false
 * size or in another form; then bytes changed, cut off or added. One in fifty is nothing but noise, and one in thirty is left as it was. The
 * bytes are valid until the next call.
 */
export function createMutator(random: Random): (reals: readonly Real[]) => Uint8Array {
  const scratch = new Uint8Array(FRAME_MAX * 2);
  const pick = <Item>(list: readonly Item[]) => list[random(list.length)] as Item;

  function edit(real: Real, reals: readonly Real[]): Edit {
    const node = pick(real.nodes);
    const { start, end } = node;
    const way = random(12);
    if (way < 6) return { start, end, by: pick(PALETTE) };
    if (way < 8) {
      const other = pick(reals);
      const { start: from, end: to } = pick(other.nodes);
      return { start, end, by: other.frame.subarray(from, to) };
    }
    if (way === 8) return { start: end, end, by: real.frame.subarray(start, end) };
    if (way === 9) return { start, end, by: NOTHING };
    if (node.count < 0 || node.kind === 'other') return { start, end, by: pick(PALETTE) };
    const counts = way === 10 ? [node.count] : [0, node.count - 1, node.count + 1, node.count * 2 + 1, 1000];
    return { start, end: start + node.head, by: header(node.kind, Math.max(0, pick(counts)), random) };
  }

  function assemble(real: Real, edits: Edit[]): number {
    edits.sort((left, right) => left.start - right.start);
    let from = 0;
    let size = 0;
    const add = (bytes: Uint8Array) => {
      const fitting = bytes.subarray(0, FRAME_MAX - size);
      scratch.set(fitting, size);
      size += fitting.length;
    };
    for (const { start, end, by } of edits) {
      if (start < from) continue;
      add(real.frame.subarray(from, start));
      add(by);
      from = end;
    }
    add(real.frame.subarray(from));
    return size;
  }

  function noise(size: number): number {
    for (let at = 0; at < size; at++) scratch[at] = random(256);
    return size;
  }

  function spoilBytes(size: number): number {
    let left = size;
    if (random(4) === 0)
      for (let times = random(3); times >= 0 && left > 0; times--) scratch[random(left)] = random(256);
    if (random(12) === 0) left = random(left + 1);
    if (random(20) === 0)
      for (let more = random(6); more >= 0 && left < FRAME_MAX; more--) scratch[left++] = random(256);
    return left;
  }

  return (reals) => {
    if (random(50) === 0) return scratch.subarray(0, noise(random(64)));
    const real = pick(reals);
    if (random(30) === 0) return real.frame;
    const edits = Array.from({ length: 1 + random(random(3) + 1) }, () => edit(real, reals));
    return scratch.subarray(0, spoilBytes(assemble(real, edits)));
  };
}

/** The first bytes of a list, map or text of `count`: in the shortest form, or in one that is longer than it needs to be. */
function header(kind: 'list' | 'map' | 'text', count: number, random: Random): Uint8Array {
  const short = { list: 0x90, map: 0x80, text: 0xa0 }[kind];
  const [lead16, lead32] = { list: [0xdc, 0xdd], map: [0xde, 0xdf], text: [0xda, 0xdb] }[kind] as [
    number,
    number,
  ];
  const form = random(3);
  if (form === 0 && count < (kind === 'text' ? 32 : 16)) return Uint8Array.of(short | count);
  if (form === 1 && count < 65_536) return Uint8Array.of(lead16, count >> 8, count & 255);
  return Uint8Array.of(lead32, (count >>> 24) & 255, (count >>> 16) & 255, (count >>> 8) & 255, count & 255);
}
