import { same } from './same.ts';

/** Faults in assembly/text.ts that make no difference. */
export const TEXT = [
  ...same('text.ts', 'only the lowest 10 bits are asked for, and what is above them never reaches them', [
    [
      'hash',
      'value = u32(u32(mixed << 24) + u32(mixed * 403));',
      'value = u32(u32(mixed << 23) + u32(mixed * 403));',
    ],
    [
      'hash',
      'value = u32(u32(mixed << 24) + u32(mixed * 403));',
      'value = u32(u32(mixed << 25) + u32(mixed * 403));',
    ],
  ]),
  ...same('text.ts', 'a row for the letter before the first, which is like no other, comes to what it was', [
    ['distance', 'for (let i = 1; i <= from.length; i++)', 'for (let i = 0; i <= from.length; i++)'],
  ]),
  ...same('text.ts', 'both ways lead to the same value where the two sides are equal', [
    [
      'distance',
      'const step = (above < row[j - 1] ? above : row[j - 1]) + 1;',
      'const step = (above <= row[j - 1] ? above : row[j - 1]) + 1;',
    ],
    ['distance', 'row[j] = swap < step ? swap : step;', 'row[j] = swap <= step ? swap : step;'],
  ]),
];
