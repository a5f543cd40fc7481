import { emitAlert, emitOk, emitRefusal } from '../effects/emit.ts';
import { CONFLICT, NO_SUCH_VOLUME } from '../errors.ts';
import { state } from '../state/state.ts';
import { Volume } from '../state/volume.ts';
import { decimal, listed, nearest } from '../text.ts';
import { next } from './next.ts';

const VERBS: string[] = ['retry', 'hold', 'release', 'forget', 'drain', 'resume'];

/** A person decides: the verb is checked here, and the journal knows of it. `driver` and `name` may be empty for drain and resume. */
export function operator(call: f64, verb: string, driver: string, name: string): void {
  if (verb == 'drain' || verb == 'resume') {
    state.draining = verb == 'drain';
    return emitOk(call);
  }
  if (VERBS.indexOf(verb) < 0) {
    const near = nearest(verb, VERBS);
    return emitRefusal(
      call,
      'bad-frame',
      'verb: unknown verb "' + verb + '"',
      near.length > 0 ? 'did you mean ' + near + '?' : 'known are ' + listed(VERBS),
    );
  }
  const volume = state.volume(driver + '/' + name);
  if (!volume) {
    return emitRefusal(
      call,
      NO_SUCH_VOLUME,
      'there is no record of volume ' + driver + '/' + name,
      'see moorage status',
    );
  }
  decideOn(call, verb, volume);
}

function decideOn(call: f64, verb: string, volume: Volume): void {
  if (verb == 'forget') return forget(call, volume);
  if (verb == 'hold') volume.held = true;
  if (verb == 'release') volume.held = false;
  if (verb != 'hold') {
    volume.attempt = 0;
    volume.retryAt = 0;
  }
  emitOk(call);
  next(volume);
}

function forget(call: f64, volume: Volume): void {
  if (volume.users.length > 0 || volume.busy) {
    const why = volume.users.length > 0 ? 'held by container ' + listed(volume.users) : 'being worked on';
    return emitRefusal(call, CONFLICT, 'volume ' + volume.key + ' is ' + why, 'wait until it is free');
  }
  const open = Math.max(Math.max(volume.settleAt, volume.vanishAt), volume.bindUntil);
  if (state.now < open) {
    const message = 'something of volume ' + volume.key + ' had no answer, and may still come true';
    return emitRefusal(call, CONFLICT, message, 'try again in ' + decimal(open - state.now) + ' ms');
  }
  emitAlert('warn', 'forgotten', 'an operator took volume ' + volume.key + ' off the record', '', volume.key);
  emitOk(call);
  if (!volume.managed) return state.volumes.delete(volume);
  disown(volume);
  next(volume);
}

/** What the driver has is not ours to give back any more; our own mounts are taken away before the record goes. */
function disown(volume: Volume): void {
  volume.owedMin = 0;
  volume.owedMax = 0;
  volume.owedBefore = false;
  volume.gone();
  volume.mountpoint = '';
  volume.held = false;
  volume.lingerAt = 0;
  volume.settled();
}
