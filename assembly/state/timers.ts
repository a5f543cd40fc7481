/**
 * When to look at something again: a binary heap, ordered by time, then by sequence number.
 *
 * Entries are never removed from the middle. An owner that changes its mind pushes a new entry, and the old one is
 * passed over when it comes up, because its time is no longer the owner's.
 */
export class Timer {
  constructor(
    public at: f64,
    /** Sequence number of the volume or container. */
    public seq: f64,
    /** Key of a volume, id of a container. */
    public key: string,
    public isVolume: bool,
  ) {}
}

function before(left: Timer, right: Timer): bool {
  return left.at < right.at || (left.at == right.at && left.seq < right.seq);
}

export class Timers {
  private heap: Timer[] = [];

  get size(): i32 {
    return this.heap.length;
  }

  first(): Timer {
    return this.heap[0];
  }

  push(timer: Timer): void {
    const heap = this.heap;
    heap.push(timer);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = timer;
  }

  pop(): Timer {
    const heap = this.heap;
    const first = heap[0];
    const last = heap.pop();
    const size = heap.length;
    if (size == 0) return first;
    let at = 0;
    while (true) {
      let child = at * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1], heap[child])) child += 1;
      if (!before(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
