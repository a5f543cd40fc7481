import { INTEGER_MAX } from '../limits.ts';
import { Reader } from '../wire/reader.ts';

/** A managed mount that an `observe` saw. */
export class Seen {
  mode: string = '';
  mountId: f64 = 0;
}

/** A mount namespace that still has the volume; `container` is empty when it is none of ours. */
export class Pin {
  pid: f64 = 0;
  container: string = '';
}

const NOTHING_SEEN: Seen[] = [];
const NO_PINS: Pin[] = [];

/**
 * How an effect ended: `done` without its header. One class for the values of all effects: each effect fills the
 * fields that design and host agreed on, the others keep their defaults.
 */
export class Outcome {
  effect: f64 = 0;
  ok: bool = false;

  exists: bool = false;
  saysExists: bool = false;
  mountpoint: string = '';
  stillMounted: bool = false;
  mountId: f64 = 0;
  sourceMountId: f64 = 0;
  dev: string = '';
  managed: Seen[] = NOTHING_SEEN;
  answered: bool = false;
  path: string = '';
  pathMountId: f64 = 0;
  pinnedBy: Pin[] = NO_PINS;

  code: string = '';
  message: string = '';
  kind: string = '';

  get refused(): bool {
    return this.kind == 'refused';
  }
  get unreachable(): bool {
    return this.kind == 'unreachable';
  }
  get timedOut(): bool {
    return this.kind == 'timeout';
  }
}

export function readOutcome(r: Reader): Outcome {
  const outcome = new Outcome();
  outcome.effect = r.integer('effect', 0, INTEGER_MAX);
  outcome.ok = r.bool('ok');
  if (!r.nil()) readValue(r, outcome);
  if (!r.nil()) readError(r, outcome);
  if (!outcome.ok && outcome.kind.length == 0) outcome.kind = 'failed';
  return outcome;
}

function readError(r: Reader, outcome: Outcome): void {
  if (!r.record('error', 3)) return;
  outcome.code = r.text('error.code');
  outcome.message = r.text('error.message');
  outcome.kind = r.text('error.kind');
  if (
    outcome.kind == 'refused' ||
    outcome.kind == 'failed' ||
    outcome.kind == 'unreachable' ||
    outcome.kind == 'timeout'
  )
    return;
  if (!r.failed) r.fail('error.kind', 'must be refused, failed, unreachable or timeout');
}

/** A name that says nothing here, and what belongs to it. */
function skipUnknown(r: Reader, field: string): void {
  r.text(field);
  r.skip(field);
}

function readValue(r: Reader, outcome: Outcome): void {
  const count = r.map('value');
  for (let i = 0; i < count && !r.failed; i++) {
    if (r.takes('exists')) {
      outcome.exists = r.bool('value.exists');
      outcome.saysExists = true;
    } else if (r.takes('mountpoint')) outcome.mountpoint = r.optionalText('value.mountpoint');
    else if (r.takes('stillMounted')) outcome.stillMounted = r.bool('value.stillMounted');
    else if (r.takes('mountId')) outcome.mountId = r.integer('value.mountId', 0, INTEGER_MAX);
    else if (r.takes('sourceMountId'))
      outcome.sourceMountId = r.integer('value.sourceMountId', 0, INTEGER_MAX);
    else if (r.takes('dev')) outcome.dev = r.optionalText('value.dev');
    else if (r.takes('managed')) readManaged(r, outcome);
    else if (r.takes('driver')) readDriver(r, outcome);
    else if (r.takes('pinnedBy')) readPins(r, outcome);
    else skipUnknown(r, 'value');
  }
}

function readManaged(r: Reader, outcome: Outcome): void {
  const count = r.array('value.managed');
  if (count == 0) return;
  const list: Seen[] = [];
  outcome.managed = list;
  for (let i = 0; i < count && !r.failed; i++) {
    const seen = new Seen();
    const fields = r.map('value.managed');
    for (let j = 0; j < fields && !r.failed; j++) {
      if (r.takes('mode')) seen.mode = r.text('value.managed.mode');
      else if (r.takes('mountId')) seen.mountId = r.integer('value.managed.mountId', 0, INTEGER_MAX);
      else skipUnknown(r, 'value.managed');
    }
    list.push(seen);
  }
}

function readDriver(r: Reader, outcome: Outcome): void {
  const count = r.map('value.driver');
  for (let i = 0; i < count && !r.failed; i++) {
    if (r.takes('answered')) outcome.answered = r.bool('value.driver.answered');
    else if (r.takes('exists')) {
      if (r.nil()) continue;
      outcome.exists = r.bool('value.driver.exists');
      outcome.saysExists = true;
    } else if (r.takes('path')) outcome.path = r.optionalText('value.driver.path');
    else if (r.takes('pathMountId'))
      outcome.pathMountId = r.nil() ? 0 : r.integer('value.driver.pathMountId', 0, INTEGER_MAX);
    else skipUnknown(r, 'value.driver');
  }
}

function readPins(r: Reader, outcome: Outcome): void {
  const count = r.array('value.pinnedBy');
  if (count == 0) return;
  const list: Pin[] = [];
  outcome.pinnedBy = list;
  for (let i = 0; i < count && !r.failed; i++) {
    const pin = new Pin();
    const fields = r.map('value.pinnedBy');
    for (let j = 0; j < fields && !r.failed; j++) {
      if (r.takes('pid')) pin.pid = r.integer('value.pinnedBy.pid', 0, INTEGER_MAX);
      else if (r.takes('container')) pin.container = r.optionalText('value.pinnedBy.container');
      else skipUnknown(r, 'value.pinnedBy');
    }
    list.push(pin);
  }
}
