/**
 * The policy: every decision about volumes, as a pure function of a state and an event. No imports, no clock, no I/O.
 *
 * The host writes an event frame to the address of `input`, calls `step` with its size and reads the effects at the address of
 * `output`. After an exception the instance is not to be used again.
 */
import { abortColumn, abortFile, abortLine, abortMessage } from './abort.ts';
import { stepEvent } from './decide/step.ts';
import * as limits from './limits.ts';
import {
  givenState,
  MORE,
  readSnapshot,
  readSnapshotPart,
  writeSnapshot,
  writeSnapshotPart,
} from './state/snapshot_pieces.ts';
import { replaceState, State } from './state/state.ts';
import { writeStatus } from './state/status.ts';
import { POLICY_NAME, POLICY_VERSION } from './variant.ts';
import { input as reader } from './wire/reader.ts';
import { inputRegion, outputRegion } from './wire/regions.ts';
import { out } from './wire/writer.ts';

/** After a trap by an assertion: where its message stands (UTF-16, length in bytes 4 bytes before), 0 for none. */
export function trapMessage(): usize {
  return abortMessage;
}

/** Like {@link trapMessage}, for the name of the source file. */
export function trapFile(): usize {
  return abortFile;
}

export function trapLine(): u32 {
  return abortLine;
}

export function trapColumn(): u32 {
  return abortColumn;
}

export function abiVersion(): i32 {
  return limits.ABI_VERSION;
}

/** Address of the input region, with room for `size` bytes: FRAME_MAX for `step`, more only for `restore`. */
export function input(size: i32): usize {
  return inputRegion(size);
}

/** Address of the last output; ask again after every call. */
export function output(): usize {
  return outputRegion();
}

/** Decides on the event frame of `size` bytes in the input region. Returns the size of the effects frame in the output region. */
export function step(size: i32): i32 {
  return stepEvent(size);
}

/** To be called after each step, when its effects have been taken: clears up after it, a bounded piece of work. */
export function rest(): void {
  __collect();
}

/** Writes the whole state to the output region and returns its size; 0 while a recovery is coming in in parts. */
export function snapshot(): i32 {
  return writeSnapshot();
}

/** Takes the state of `size` bytes in the input region. Returns 0, or the size of a sentence in the output region that says what is wrong with it; then the old state stays. */
export function restore(size: i32): i32 {
  const r = reader.open(inputRegion(size), size);
  const read = readSnapshot(r);
  if (read) {
    replaceState(read as State);
    return 0;
  }
  out.start();
  out.text(r.error);
  return out.size;
}

/** Like {@link snapshot}, a piece at a time: -1 while there is more. `begin` is 1 for the first piece; until the last one nothing else may be called but `rest`. */
export function snapshotPart(begin: i32): i32 {
  return writeSnapshotPart(begin != 0);
}

/** Like {@link restore}, a piece at a time: -1 while there is more. `begin` is 1 for the first piece; until the last one nothing else may be called but `rest`. */
export function restorePart(size: i32, begin: i32): i32 {
  const r = reader;
  if (begin != 0) r.open(inputRegion(size), size);
  if (!readSnapshotPart(r, begin != 0)) return MORE;
  const read = givenState();
  if (!r.failed) {
    replaceState(read);
    return 0;
  }
  out.start();
  out.text(r.error);
  return out.size;
}

/** Writes a part of what people want to see of the state to the output region and returns its size, 0 when there is no such part. Changes nothing. */
export function status(what: i32, after: f64, most: i32): i32 {
  return writeStatus(what, after, most);
}

/** Writes [name, version, schema] to the output region and returns its size. */
export function describe(): i32 {
  out.start();
  out.array(3);
  out.text(POLICY_NAME);
  out.text(POLICY_VERSION);
  out.number(limits.SCHEMA);
  return out.size;
}
