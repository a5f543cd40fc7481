import { encodeEvent } from '../host/frames/event_frame.ts';
import { crc32c } from '../host/journal/crc32c.ts';
import { encodeHeader, encodeRecord } from '../host/journal/format.ts';
import { ABI_VERSION, type Policy } from '../host/policy/policy.ts';

/**
 * The events as a segment of a journal, for `moorage replay`: each with the digest of what this policy decides before it. A fresh
 * policy is needed; at an event that traps it the segment ends.
 */
export function encodeTrace(events: readonly Record<string, unknown>[], policy: Policy): Buffer {
  const header = { abi: ABI_VERSION, policy: policy.digest, bootId: 'simulated', wallMs: 0 };
  const parts = [encodeHeader(header)];
  let digest = 0;
  for (const event of events) {
    const frame = encodeEvent(event);
    parts.push(encodeRecord(digest, 0, frame));
    const effects = stepped(policy, frame);
    if (!effects) return Buffer.concat(parts);
    digest = crc32c(effects);
  }
  parts.push(encodeRecord(digest, 0, new Uint8Array(0)));
  return Buffer.concat(parts);
}

function stepped(policy: Policy, frame: Uint8Array): Uint8Array | undefined {
  try {
    return policy.step(frame);
  } catch {
    return undefined;
  }
}
