import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { POLICY } from './world.ts';

/** The shipped policy with another number in the place of a constant (f64.const: opcode 0x44, then 8 bytes little endian). */
export function patched(from: number, to: number): Buffer {
  const copy = readFileSync(POLICY);
  const wanted = Buffer.alloc(9, 0x44);
  wanted.writeDoubleLE(from, 1);
  let found = 0;
  for (let at = copy.indexOf(wanted); at >= 0; at = copy.indexOf(wanted, at + 1)) {
    copy.writeDoubleLE(to, at + 1);
    found += 1;
  }
  assert.ok(found > 0, `the module has no constant ${from}`);
  return copy;
}
