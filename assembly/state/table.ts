import { hash } from '../text.ts';

/** What a {@link Table} holds. */
export class Entry {
  /** Its name in the table; not changed while it is there. */
  key: string = '';
  before: Entry | null = null;
  after: Entry | null = null;
}

/** So many small maps: none of them is ever so large that its growth would be felt. */
const SHARDS: i32 = 256;

function shardOf(key: string): i32 {
  return i32(hash(key) & u32(SHARDS - 1));
}

/** Entries by their key, in the order in which they came. No operation takes longer for the number of entries. */
export class Table<T extends Entry> {
  private shards: Array<Map<string, T> | null> = new Array<Map<string, T> | null>(SHARDS);
  private head: Entry | null = null;
  private tail: Entry | null = null;
  size: i32 = 0;

  get(key: string): T | null {
    const shard = this.shards[shardOf(key)];
    return shard && shard.has(key) ? shard.get(key) : null;
  }

  /** The oldest entry. */
  first(): T | null {
    return this.head as T | null;
  }

  /** The one that came after `entry`. */
  next(entry: T | null): T | null {
    return entry ? (entry.after as T | null) : null;
  }

  /** All entries as they are now; takes time for each, so only where all are looked at. */
  values(): T[] {
    const list: T[] = [];
    for (let each = this.first(); each; each = this.next(each)) list.push(each);
    return list;
  }

  /** Adds an entry; no other may have its key. */
  add(entry: T): void {
    const at = shardOf(entry.key);
    let shard = this.shards[at];
    if (!shard) {
      shard = new Map<string, T>();
      this.shards[at] = shard;
    }
    assert(!shard.has(entry.key), 'two entries of one key');
    shard.set(entry.key, entry);
    const tail = this.tail;
    entry.before = tail;
    if (tail) tail.after = entry;
    else this.head = entry;
    this.tail = entry;
    this.size += 1;
  }

  /** Takes the entry out, if it is there. */
  delete(entry: T): void {
    if (this.get(entry.key) != entry) return;
    const shard = this.shards[shardOf(entry.key)];
    if (shard) shard.delete(entry.key);
    const before = entry.before;
    const after = entry.after;
    if (before) before.after = after;
    else this.head = after;
    if (after) after.before = before;
    else this.tail = before;
    entry.before = null;
    entry.after = null;
    this.size -= 1;
  }
}
