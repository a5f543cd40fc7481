import { emitMounts, emitPlace, emitRefusal } from '../effects/emit.ts';
import {
  CONFLICT,
  DESTROYED,
  DRAINING,
  EXCLUSIVE,
  NOT_MOUNTED,
  NOT_RECOVERED,
  OPTIONS_DIFFER,
  Refusal,
  TIMEOUT,
} from '../errors.ts';
import { Config } from '../events/config.ts';
import { ContainerInfo } from '../events/container.ts';
import { admit } from '../requests/admission.ts';
import { gather } from '../requests/gather.ts';
import { Request } from '../requests/request.ts';
import { Container, GONE, LIMITED, PREPARING, READY } from '../state/container.ts';
import { state } from '../state/state.ts';
import { BIND_RO, BIND_RW, modeBit, NO, Volume, YES } from '../state/volume.ts';
import { decimal, listed } from '../text.ts';
import { Remark, remember, shape } from '../variant.ts';
import { isNested } from './nested.ts';
import { next } from './next.ts';
import { release } from './release.ts';

function refuse(call: f64, refusal: Refusal): void {
  emitRefusal(call, refusal.code, refusal.message, refusal.hint);
}

/** A task is about to start: all of its volumes, or none. */
export function prepare(call: f64, info: ContainerInfo): void {
  if (!state.config || !state.recovered || state.recovering !== null) {
    return emitRefusal(
      call,
      NOT_RECOVERED,
      'container ' + info.id + ' comes before configure and recover',
      'send both first',
    );
  }
  const config = state.configured();
  const known = state.container(info.id);
  const requests = gather(info, config, isNested(info.id, null));
  const wrong = requests.refusal;
  if (wrong) return refuse(call, wrong);
  const remark = known ? known.remark : remember(info);
  shape(requests.list, remark);
  if (known) return again(call, known, requests.list);
  if (requests.list.length == 0) return emitMounts(call, []);
  if (state.draining) {
    return emitRefusal(
      call,
      DRAINING,
      'this agent takes no new volumes: it is being drained',
      'start the task on another agent',
    );
  }
  for (let i = 0; i < requests.list.length; i++) {
    const request = requests.list[i];
    let refusal = admit(request, info, config);
    if (!refusal) refusal = admitUse(request, config);
    if (refusal) return refuse(call, refusal);
  }
  begin(call, info, requests.list, remark, config);
}

function begin(
  call: f64,
  info: ContainerInfo,
  requests: Request[],
  remark: Remark | null,
  config: Config,
): void {
  const container = state.addContainer(info.id);
  container.remark = remark;
  container.requests = requests;
  container.sandbox = info.sandbox;
  container.rootfs = info.rootfs;
  container.user = info.user;
  container.wait(call);
  state.deadline(container, state.now + config.prepareMs);
  for (let i = 0; i < requests.length; i++) attach(container, requests[i]);
  for (let i = 0; i < requests.length && container.phase == PREPARING; i++) {
    const volume = state.volume(requests[i].key);
    if (volume) next(volume);
  }
}

/** Makes the container a user of the volume, which gets a record if it has none. */
export function attach(container: Container, request: Request): void {
  let volume = state.volume(request.key);
  if (!volume) {
    volume = state.addVolume(request.driver, request.name, request.key);
    volume.plainDirs = state.configured().driver(request.driver).plainDirs;
  }
  if (volume.users.length == 0) {
    if (volume.mounted == NO) volume.options = request.options;
    volume.settled();
  }
  // A waiter does not wait for a pause that began before it came.
  volume.retryAt = 0;
  volume.witnessed = false;
  volume.users.push(container.id);
  volume.lingerAt = 0;
}

/** What the present users of the volume have against another one. */
function admitUse(request: Request, config: Config): Refusal | null {
  const volume = state.volume(request.key);
  if (!volume) return null;
  const isInUse = volume.users.length > 0 || volume.mounted != NO;
  if (request.options.length > 0 && isInUse && !sameOptions(request.options, volume.options)) {
    const message = request.origin + ': volume ' + request.key + ' is in use with other options';
    return new Refusal(OPTIONS_DIFFER, message, 'leave the options away, or give the same');
  }
  const sharing = config.volume(request.key).sharing;
  const exclusive = sharing.length > 0 ? sharing == 'exclusive' : config.driver(request.driver).exclusive;
  if (!exclusive) return null;
  if (volume.users.length == 0) return mayBeHeld(volume, request);
  const message =
    request.origin +
    ': volume ' +
    request.key +
    ' is exclusive and held by container ' +
    listed(volume.users);
  return new Refusal(EXCLUSIVE, message, 'wait for that container to end');
}

/** After a lost journal any container of before may still hold what nobody claims. */
function mayBeHeld(volume: Volume, request: Request): Refusal | null {
  if (!volume.unclaimed || state.quarantine.length == 0) return null;
  const message =
    request.origin +
    ': volume ' +
    request.key +
    ' is exclusive, its record is lost, and container ' +
    listed(state.quarantine) +
    ' of before may hold it';
  return new Refusal(EXCLUSIVE, message, 'wait for that container to end');
}

function sameOptions(left: string[], right: string[]): bool {
  if (left.length != right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] != right[i]) return false;
  return true;
}

/** The same prepare once more: it joins, or gets the same answer. */
function again(call: f64, container: Container, requests: Request[]): void {
  if (container.phase == GONE || container.destroyed) {
    return emitRefusal(
      call,
      DESTROYED,
      'container ' + container.id + ' has been destroyed',
      'send its cleanup first',
    );
  }
  const asked = new Container();
  asked.requests = requests;
  if (asked.meaning() != container.meaning()) {
    const message = 'container ' + container.id + ' is prepared already, with other volumes';
    return emitRefusal(call, CONFLICT, message, 'send its cleanup first, or use another container id');
  }
  if (container.phase == LIMITED) {
    const message = 'container ' + container.id + ' has lost a volume';
    return emitRefusal(call, NOT_MOUNTED, message, 'send its cleanup, and start it anew');
  }
  const joins = container.calls.length > 0;
  container.wait(call);
  if (container.phase == PREPARING) return;
  if (!joins) state.deadline(container, state.now + state.configured().prepareMs);
  advance(container);
}

function isThere(request: Request): bool {
  const volume = state.volume(request.key);
  if (!volume || !volume.mountedForUs || volume.isStale(request.readonly)) return false;
  // What is being taken away, or looked at anew, shows as there until that has ended.
  if (volume.busy && volume.doing != BIND_RW && volume.doing != BIND_RO) return false;
  if ((volume.suspect & modeBit(request.readonly)) != 0) return false;
  return request.readonly ? volume.ro == YES : volume.rw == YES;
}

/** One of its volumes is there, or its paths are made: when all is, it is answered. */
export function advance(container: Container): void {
  if (container.calls.length == 0 || container.placing != 0) return;
  for (let i = 0; i < container.requests.length; i++) if (!isThere(container.requests[i])) return;
  if (!container.placed) return emitPlace(container);
  container.phase = READY;
  container.deadlineAt = 0;
  const calls = container.waited();
  for (let i = 0; i < calls.length; i++) emitMounts(calls[i], container.requests);
}

/** Answers an open prepare with an error and takes everything back; what is in flight is undone when it comes. */
export function failPrepare(container: Container, code: string, message: string, hint: string): void {
  refuseCalls(container, code, message, hint);
  release(container, false);
}

/** Answers the open prepares of a container with an error; what it holds stays. */
export function refuseCalls(container: Container, code: string, message: string, hint: string): void {
  const calls = container.waited();
  container.deadlineAt = 0;
  for (let i = 0; i < calls.length; i++) emitRefusal(calls[i], code, message, hint);
}

/** A waiter gives everything back; a holder that was asked for again keeps what it has. */
export function giveUp(container: Container, code: string, message: string, hint: string): void {
  if (container.phase == PREPARING) failPrepare(container, code, message, hint);
  else refuseCalls(container, code, message, hint);
}

/** Fails every prepare that waits for this volume. */
export function failWaiters(volume: Volume, code: string, message: string, hint: string): void {
  const users = volume.users.slice(0);
  for (let i = 0; i < users.length; i++) {
    const container = state.container(users[i]);
    if (container && container.calls.length > 0) giveUp(container, code, message, hint);
  }
}

/** The time of an open prepare has come. */
export function expire(container: Container): void {
  for (let i = 0; i < container.requests.length; i++) {
    const request = container.requests[i];
    if (isThere(request)) continue;
    const volume = state.volume(request.key);
    const why = volume && volume.failure.length > 0 ? '; last: ' + volume.failure : '';
    const code = volume && volume.failureCode.length > 0 ? volume.failureCode : TIMEOUT;
    const waited = decimal(state.configured().prepareMs);
    const message = 'volume ' + request.key + ' was not there within ' + waited + ' ms' + why;
    return giveUp(container, code, message, 'look at driver ' + request.driver + ', or raise prepareMs');
  }
  giveUp(container, TIMEOUT, 'the container paths were not made in time', 'look at the disk of the sandbox');
}
