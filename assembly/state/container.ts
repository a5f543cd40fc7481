import { Request } from '../requests/request.ts';
import { NO_TEXTS } from '../text.ts';
import { Remark } from '../variant.ts';
import { Entry } from './table.ts';

/** Its prepare is not answered yet: a waiter. */
export const PREPARING: i32 = 0;
/** Its prepare was answered ok: a holder. */
export const READY: i32 = 1;
/** A holder that has been told that its volume is lost. */
export const LIMITED: i32 = 2;
/** Destroyed before it held anything: refused until its cleanup. */
export const GONE: i32 = 3;

const NO_CALLS: f64[] = [];

export class Container extends Entry {
  seq: f64 = 0;
  phase: i32 = PREPARING;
  requests: Request[] = [];
  sandbox: string = '';
  rootfs: string = '';
  user: string = '';
  pid: f64 = 0;
  /** The prepare calls that wait for the same answer. */
  calls: f64[] = NO_CALLS;
  deadlineAt: f64 = 0;
  /** The `place` in flight, 0 for none. */
  placing: f64 = 0;
  /** Its container paths have been made. */
  placed: bool = false;
  /** The kernel showed, in this container's own mount table, these file systems (`major:minor`). */
  ownDevs: string[] = NO_TEXTS;
  /** An operator's or the agent's destroy has come; the holds stay until the cleanup. */
  destroyed: bool = false;
  /** What only this variant of the policy remembers of it. */
  remark: Remark | null = null;

  wait(call: f64): void {
    if (this.calls.length == 0) this.calls = [call];
    else this.calls.push(call);
  }

  /** The calls that waited; nobody waits any more. */
  waited(): f64[] {
    const calls = this.calls;
    this.calls = NO_CALLS;
    return calls;
  }

  get id(): string {
    return this.key;
  }

  request(key: string): Request | null {
    for (let i = 0; i < this.requests.length; i++) if (this.requests[i].key == key) return this.requests[i];
    return null;
  }

  meaning(): string {
    let text = '';
    for (let i = 0; i < this.requests.length; i++) text += this.requests[i].meaning() + '\n\n';
    return text;
  }
}
