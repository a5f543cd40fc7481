import { pack } from '../../host/frames/codec.ts';

const bytes = (...list: number[]) => Uint8Array.from(list);
const float64 = (value: number) => {
  const out = new Uint8Array(9);
  out[0] = 0xcb;
  new DataView(out.buffer).setFloat64(1, value);
  return out;
};
const repeated = (lead: number[], times: number, last: number[]) =>
  Uint8Array.from([...Array.from({ length: times }, () => lead).flat(), ...last]);

/** Numbers at the edges of what fits into a byte, a word, an integer of JavaScript, and what is no number at all. */
const numbers = [
  0,
  1,
  -1,
  13,
  14,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  -(2 ** 31),
  -(2 ** 63),
  0.5,
  -0,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];

const words = ['', 'x', 'whole', 'damaged', 'ebs', 'v1', 'c1', 'volume', '../..', '/m/ebs/v1', '\0', 'ü€😀'];

/** Bytes that are no UTF-8: a lone continuation, a cut-off sequence, an overlong slash, a surrogate, one past the last code point. */
const brokenTexts = [
  bytes(0xa1, 0xff),
  bytes(0xa1, 0x80),
  bytes(0xa2, 0xe2, 0x82),
  bytes(0xa2, 0xc0, 0xaf),
  bytes(0xa3, 0xed, 0xa0, 0x80),
  bytes(0xa4, 0xf4, 0x90, 0x80, 0x80),
];

/** Sizes that promise two or four gigabytes, for each kind of value that has a size. */
const hugeSizes = [0xdb, 0xc6, 0xdd, 0xdf, 0xc9].flatMap((lead) => [
  bytes(lead, 0x7f, 0xff, 0xff, 0xff),
  bytes(lead, 0xff, 0xff, 0xff, 0xff),
  bytes(lead, 0, 0, 0xff, 0xff),
]);

const deep = [10, 15, 16, 17, 40, 2000].flatMap((times) => [
  repeated([0x91], times, [0xc0]),
  repeated([0x81, 0xa1, 0x78], times, [0xc0]),
]);

const long = [31, 32, 255, 256, 5000, 20_000].map((size) => pack('x'.repeat(size)));

/** Values of every kind to put where another one stood. */
export const PALETTE: readonly Uint8Array[] = [
  bytes(0xc0),
  bytes(0xc1),
  bytes(0xc2),
  bytes(0xc3),
  ...numbers.map(float64),
  ...numbers.filter((value) => Number.isSafeInteger(value)).map((value) => pack(value)),
  bytes(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  bytes(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0),
  bytes(0xca, 0x7f, 0xc0, 0, 0),
  ...words.map((word) => pack(word)),
  ...brokenTexts,
  ...hugeSizes,
  ...deep,
  ...long,
  bytes(0x90),
  bytes(0x80),
  bytes(0xc4, 0),
  bytes(0xd4, 0, 0),
  bytes(0x82, 0xa1, 0x78, 1, 0xa1, 0x78, 2),
  bytes(0x92, 0xa1, 0x78, 0xc0),
  repeated([], 0, [0xdc, 0x03, 0xe8, ...Array<number>(1000).fill(0xc0)]),
  repeated([], 0, [0xdc, 0x03, 0xe8, ...Array<number>(1000).fill(0x90)]),
];
