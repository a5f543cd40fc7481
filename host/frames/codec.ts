import { Packr, Unpackr } from 'msgpackr/index-no-eval';

/** The one MessagePack encoder and decoder of the project: plain maps, no extensions, numbers as numbers. */
const packr = new Packr({ useRecords: false, moreTypes: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number', mapsAsObjects: true });

/** The bytes of a value: a piece of a larger buffer, which nothing else writes to. */
export function pack(value: unknown): Uint8Array {
  return packr.pack(value);
}

/** The value of bytes that hold exactly one. Throws on anything else. */
export function unpack(bytes: Uint8Array): unknown {
  return unpackr.unpack(bytes);
}
