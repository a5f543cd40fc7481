import { readUnsigned, signed, unsigned } from '../leb128.ts';
import {
  CODE_SECTION,
  EXPORT_SECTION,
  FUNCTION_SECTION,
  GLOBAL_SECTION,
  joined,
  moduleOf,
  type Section,
  sectionsOf,
  TYPE_SECTION,
} from '../sections.ts';
import { countedFunctions } from './calls.ts';
import { type FunctionCode, functionsOf } from './functions.ts';

/** Under this name the counter is exported; no policy can have a name like it in its source. */
export const FUEL_EXPORT = 'moorage:fuel';
/** Fills the counter. A call into the module: to set an exported global from outside takes several times as long. */
export const REFUEL_EXPORT = 'moorage:refuel';

const I32 = 0x7f;
const MUTABLE = 1;
const FUNCTION_KIND = 0;
const GLOBAL_KIND = 3;
/** The type () -> (). */
const NO_ARGUMENTS = [0x60, 0, 0];
/** Core specification, binary format: instructions. */
const GLOBAL_GET = 0x23;
const GLOBAL_SET = 0x24;
const I32_CONST = 0x41;
const I32_EQZ = 0x45;
const I32_SUB = 0x6b;
const IF = 0x04;
const NOTHING = 0x40;
const UNREACHABLE = 0x00;
const END = 0x0b;

/**
 * A module that does the same and counts: each way back to the begin of a loop and each call that may lead to many more takes one from a
 * counter, and traps where it is used up. It begins at `fuel`, for what is done at the start, and the host may set it. The same event in the same
 * state so ends at the same place on every machine. The module must be valid and without imports; throws RangeError for instructions that are not known.
 */
export function withFuel(module: Uint8Array, fuel: number): Uint8Array {
  const sections = withGlobalSection(sectionsOf(module));
  const counter = countOf(sections, GLOBAL_SECTION);
  const types = countOf(sections, TYPE_SECTION);
  const functions = countOf(sections, FUNCTION_SECTION);
  const replaced = sections.map(({ id, body }) => {
    if (id === TYPE_SECTION) return { id, body: extended(body, NO_ARGUMENTS) };
    if (id === FUNCTION_SECTION) return { id, body: extended(body, unsigned(types)) };
    if (id === GLOBAL_SECTION) return { id, body: withGlobal(body, fuel) };
    if (id === EXPORT_SECTION) return { id, body: withExports(body, counter, functions) };
    if (id === CODE_SECTION)
      return { id, body: extended(withCounting(body, counter), refill(counter, fuel)) };
    return { id, body };
  });
  return moduleOf(module, replaced);
}

/** The order of sections is fixed: globals come right before exports. */
function withGlobalSection(sections: readonly Section[]): Section[] {
  const isThere = sections.some(({ id }) => id === GLOBAL_SECTION);
  const none = { id: GLOBAL_SECTION, body: Uint8Array.of(0) };
  return sections.flatMap((section) =>
    section.id === EXPORT_SECTION && !isThere ? [none, section] : [section],
  );
}

/** How many entries a section has. */
function countOf(sections: readonly Section[], wanted: number): number {
  const body = sections.find(({ id }) => id === wanted)?.body;
  return body ? readUnsigned(body, 0).value : 0;
}

/** A list with one more at its end. */
function extended(list: Uint8Array, added: readonly number[]): Uint8Array {
  const { value, end } = readUnsigned(list, 0);
  return joined([Uint8Array.from(unsigned(value + 1)), list.subarray(end), Uint8Array.from(added)]);
}

function withGlobal(body: Uint8Array, fuel: number): Uint8Array {
  return extended(body, [I32, MUTABLE, I32_CONST, ...signed(fuel), END]);
}

function withExports(body: Uint8Array, counter: number, refuel: number): Uint8Array {
  const named = (name: string, kind: number, index: number) => {
    const bytes = Buffer.from(name);
    return [...unsigned(bytes.length), ...bytes, kind, ...unsigned(index)];
  };
  const withCounter = extended(body, named(FUEL_EXPORT, GLOBAL_KIND, counter));
  return extended(withCounter, named(REFUEL_EXPORT, FUNCTION_KIND, refuel));
}

/** The code of the function behind REFUEL_EXPORT, with its size before it. */
function refill(counter: number, fuel: number): number[] {
  const code = [0, I32_CONST, ...signed(fuel), GLOBAL_SET, ...unsigned(counter), END];
  return [...unsigned(code.length), ...code];
}

function withCounting(body: Uint8Array, counter: number): Uint8Array {
  const functions = functionsOf(body);
  const counted = countedFunctions(functions);
  const counting = Uint8Array.from(takeOne(counter));
  const parts = functions.flatMap((code, index) => {
    const places = counted.has(index) ? [code.entry, ...code.turns] : code.turns;
    const changed = inserted(code, places, counting);
    return [Uint8Array.from(unsigned(changed.length)), changed];
  });
  return joined([Uint8Array.from(unsigned(functions.length)), ...parts]);
}

function takeOne(counter: number): number[] {
  const at = unsigned(counter);
  const isUsedUp = [GLOBAL_GET, ...at, I32_EQZ, IF, NOTHING, UNREACHABLE, END];
  return [...isUsedUp, GLOBAL_GET, ...at, I32_CONST, 1, I32_SUB, GLOBAL_SET, ...at];
}

function inserted({ bytes }: FunctionCode, places: readonly number[], what: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const place of places) {
    parts.push(bytes.subarray(from, place), what);
    from = place;
  }
  return joined([...parts, bytes.subarray(from)]);
}
