/** One value in the bytes of a frame. */
export interface Node {
  /** Where its first byte stands, and the first byte after it. */
  start: number;
  end: number;
  /** Bytes before its content: the lead byte, and the size where there is one. */
  head: number;
  /** Items of a list, pairs of a map, bytes of a text; -1 for what has none. */
  count: number;
  kind: 'list' | 'map' | 'text' | 'other';
  /** The list or map in which it stands. */
  parent: Node | undefined;
}

/** Every value of a good MessagePack frame, outermost first. Throws on a frame that is not good. */
export function nodesOf(frame: Uint8Array): Node[] {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const nodes: Node[] = [];
  let at = 0;

  function visit(parent: Node | undefined): void {
    const lead = view.getUint8(at);
    const node: Node = { start: at, end: at, head: 1, count: -1, kind: 'other', parent };
    nodes.push(node);
    const shape = shapeOf(lead);
    node.kind = shape.kind;
    node.head = 1 + shape.width;
    node.count = shape.width === 0 ? shape.count : sizeAt(view, at + 1, shape.width);
    at += node.head;
    if (shape.kind === 'other' || shape.kind === 'text') at += node.count;
    else for (let left = node.count * (shape.kind === 'map' ? 2 : 1); left > 0; left--) visit(node);
    node.end = at;
  }

  visit(undefined);
  if (at !== frame.length) throw new Error(`${frame.length - at} bytes after the value`);
  return nodes;
}

/** What a lead byte promises: `count` where it says that itself, else the width of the size that follows. */
function shapeOf(lead: number): { kind: Node['kind']; width: number; count: number } {
  if (lead >= 0x80 && lead <= 0x8f) return { kind: 'map', width: 0, count: lead & 15 };
  if (lead >= 0x90 && lead <= 0x9f) return { kind: 'list', width: 0, count: lead & 15 };
  if (lead >= 0xa0 && lead <= 0xbf) return { kind: 'text', width: 0, count: lead & 31 };
  if (lead >= 0xd9 && lead <= 0xdb) return { kind: 'text', width: 1 << (lead - 0xd9), count: 0 };
  if (lead >= 0xc4 && lead <= 0xc6) return { kind: 'other', width: 1 << (lead - 0xc4), count: 0 };
  if (lead === 0xdc || lead === 0xdd) return { kind: 'list', width: lead === 0xdc ? 2 : 4, count: 0 };
  if (lead === 0xde || lead === 0xdf) return { kind: 'map', width: lead === 0xde ? 2 : 4, count: 0 };
  if (lead === 0xca) return { kind: 'other', width: 0, count: 4 };
  if (lead === 0xcb) return { kind: 'other', width: 0, count: 8 };
  if (lead >= 0xcc && lead <= 0xd3) return { kind: 'other', width: 0, count: 1 << ((lead - 0xcc) & 3) };
  if (lead < 0x80 || lead >= 0xe0 || lead === 0xc0 || lead === 0xc2 || lead === 0xc3)
    return { kind: 'other', width: 0, count: 0 };
  throw new Error(`no good frame has the byte ${lead.toString(16)} there`);
}

function sizeAt(view: DataView, at: number, width: number): number {
  return width === 1 ? view.getUint8(at) : width === 2 ? view.getUint16(at) : view.getUint32(at);
}
