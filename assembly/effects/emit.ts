import { KERNEL_MS, SCHEMA } from '../limits.ts';
import { Request } from '../requests/request.ts';
import { Container } from '../state/container.ts';
import { InFlight, state } from '../state/state.ts';
import { Volume } from '../state/volume.ts';
import { cut } from '../text.ts';
import { out } from '../wire/writer.ts';

/**
 * The effects of a step, written straight into the output region:
 *
 *   [SCHEMA, [effect, effect, ...]]     effect = [type, field, ...]
 */
const DRIVER: i32 = 1;
const BIND: i32 = 2;
const DETACH: i32 = 3;
const OBSERVE: i32 = 4;
const PLACE: i32 = 5;
const REPLY: i32 = 6;
const LIMIT: i32 = 7;
const WAKE: i32 = 8;
const ALERT: i32 = 9;

let count: i32 = 0;
let place: i32 = 0;

export function beginEffects(): void {
  out.start();
  out.array(2);
  out.number(SCHEMA);
  place = out.openArray();
  count = 0;
}

/** Closes the frame; returns its size. */
export function endEffects(): i32 {
  out.setCount(place, count);
  return out.size;
}

function open(type: i32, fields: i32): void {
  count += 1;
  out.array(fields + 1);
  out.number(type);
}

/** The number of a new effect of this volume, which is now busy. */
function begin(volume: Volume, doing: i32): f64 {
  assert(!volume.busy, 'two effects on one volume');
  const effect = state.nextEffect;
  state.nextEffect += 1;
  volume.doing = doing;
  volume.effect = effect;
  state.inFlight.set(effect, new InFlight(effect, volume.key, true));
  return effect;
}

export function emitDriver(volume: Volume, doing: i32, op: string, options: string[], deadlineMs: f64): void {
  const effect = begin(volume, doing);
  open(DRIVER, 7);
  out.number(effect);
  out.text(op);
  out.text(volume.driver);
  out.text(volume.name);
  out.joined(state.configured().mountIdPrefix, volume.name);
  out.pairs(options);
  out.number(deadlineMs);
}

/** Where the managed mount of a volume lies: rw at `<root>/<driver>/<name>`, ro at `<root>/.ro/<driver>/<name>`. */
function writeManaged(key: string, readonly: bool): void {
  out.joined(state.configured().managedPrefix(readonly), key);
}

export function emitBind(volume: Volume, doing: i32, readonly: bool, owner: string): void {
  const effect = begin(volume, doing);
  open(BIND, 7);
  out.number(effect);
  out.text(volume.mountpoint);
  writeManaged(volume.key, readonly);
  out.bool(readonly);
  out.optionalText(owner);
  out.bool(volume.plainDirs);
  out.number(KERNEL_MS);
}

export function emitDetach(volume: Volume, doing: i32, readonly: bool): void {
  const effect = begin(volume, doing);
  open(DETACH, 4);
  out.number(effect);
  writeManaged(volume.key, readonly);
  out.number(readonly ? volume.roMountId : volume.rwMountId);
  out.number(KERNEL_MS);
}

export function emitObserve(volume: Volume, doing: i32, witness: bool): void {
  const effect = begin(volume, doing);
  volume.lookedAt = state.now;
  open(OBSERVE, 5);
  out.number(effect);
  out.text(volume.driver);
  out.text(volume.name);
  out.bool(witness);
  out.number(KERNEL_MS);
}

/** Where a container path begins: the sandbox, the container's root, or (allowed directories only) the agent's machine. */
function baseOf(request: Request, container: Container): string {
  if (!request.path.startsWith('/')) return 'sandbox';
  return container.rootfs.length > 0 ? 'rootfs' : 'host';
}

export function emitPlace(container: Container): void {
  const effect = state.nextEffect;
  state.nextEffect += 1;
  container.placing = effect;
  state.inFlight.set(effect, new InFlight(effect, container.id, false));
  open(PLACE, 5);
  out.number(effect);
  out.text(container.id);
  out.array(container.requests.length);
  for (let i = 0; i < container.requests.length; i++) {
    const request = container.requests[i];
    out.array(2);
    out.text(baseOf(request, container));
    out.text(request.path);
  }
  out.optionalText(container.user);
  out.number(KERNEL_MS);
}

export function emitOk(call: f64): void {
  open(REPLY, 4);
  out.number(call);
  out.bool(true);
  out.nil();
  out.nil();
}

/** The answer to a prepare: one managed mount for each request. */
export function emitMounts(call: f64, requests: Request[]): void {
  open(REPLY, 4);
  out.number(call);
  out.bool(true);
  out.array(requests.length);
  for (let i = 0; i < requests.length; i++) {
    out.array(3);
    writeManaged(requests[i].key, requests[i].readonly);
    out.text(requests[i].path);
    out.bool(requests[i].readonly);
  }
  out.nil();
}

export function emitRefusal(call: f64, code: string, message: string, hint: string): void {
  open(REPLY, 4);
  out.number(call);
  out.bool(false);
  out.nil();
  out.array(3);
  out.text(code);
  out.text(cut(message));
  out.text(cut(hint));
}

export function emitLimit(id: string, reason: string): void {
  open(LIMIT, 2);
  out.text(id);
  out.text(cut(reason));
}

export function emitWake(at: f64): void {
  open(WAKE, 1);
  out.number(at);
}

/** `level` is info, warn or error; `container` and `volume` may be empty. */
export function emitAlert(
  level: string,
  code: string,
  message: string,
  container: string,
  volume: string,
): void {
  open(ALERT, 5);
  out.text(level);
  out.text(code);
  out.text(cut(message));
  out.optionalText(container);
  out.optionalText(volume);
}
