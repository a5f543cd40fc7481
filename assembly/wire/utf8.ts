import { readU8 } from './memory.ts';

/** Well-formed UTF-8 without surrogates and overlong forms (RFC 3629). */
export function isUtf8(at: usize, size: i32): bool {
  const end = at + size;
  while (at < end) {
    const lead = readU8(at);
    if (lead < 0x80) {
      at += 1;
      continue;
    }
    const more =
      lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
    if (more == 0 || at + more >= end) return false;
    const second = readU8(at + 1);
    const lowest: u32 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const highest: u32 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) return false;
    for (let i = 2; i <= more; i++) {
      const next = readU8(at + i);
      if (next < 0x80 || next > 0xbf) return false;
    }
    at += more + 1;
  }
  return true;
}
