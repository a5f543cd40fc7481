import { readConfig } from '../events/config.ts';
import { INTEGER_MAX, SCHEMA } from '../limits.ts';
import { Request } from '../requests/request.ts';
import { CONTAINER_MORE, readRemark, SNAPSHOT_EXTENSION, writeRemark } from '../variant.ts';
import { Reader } from '../wire/reader.ts';
import { out } from '../wire/writer.ts';
import { Container } from './container.ts';
import { InFlight, State, state } from './state.ts';
import { Timer } from './timers.ts';
import { Volume } from './volume.ts';

/**
 * The whole state as one MessagePack value. Stepping and restoring lead to the same bytes: everything is written in the
 * order in which it came, and timers are not written, because volumes and containers know their times.
 *
 *   [SCHEMA, now, bootId, recovered, draining, nextEffect, nextSeq, config, quarantine, containers, volumes, in flight]
 *
 * A variant of the policy that remembers more says so in the first field, SCHEMA + 1000 × its extension, and has its fields behind the others of
 * a record. So each takes the snapshots of each: from one of the shipped policy a variant reads what all know and remembers nothing yet; from one of
 * a variant the shipped policy, or another variant, leaves away what it does not know. A swap can so always be taken back.
 */
const EXTENSIONS: f64 = 1000;
const FIELDS: i32 = 12;
const CONTAINER_FIELDS: i32 = 14;
const VOLUME_FIELDS: i32 = 40;
const REQUEST_FIELDS: i32 = 7;

export function writeHead(): void {
  out.array(FIELDS);
  out.number(f64(SCHEMA) + f64(SNAPSHOT_EXTENSION) * EXTENSIONS);
  out.number(state.now);
  out.text(state.bootId);
  out.bool(state.recovered);
  out.bool(state.draining);
  out.number(state.nextEffect);
  out.number(state.nextSeq);
  if (state.config) out.raw(state.configBytes);
  else out.nil();
  out.texts(state.quarantine);
}

export function writeInFlight(): void {
  const inFlight = state.inFlight.values();
  out.array(inFlight.length);
  for (let i = 0; i < inFlight.length; i++) {
    out.array(3);
    out.number(inFlight[i].effect);
    out.text(inFlight[i].key);
    out.bool(inFlight[i].isVolume);
  }
}

export function writeContainer(container: Container): void {
  out.array(CONTAINER_FIELDS + CONTAINER_MORE);
  out.number(container.seq);
  out.text(container.id);
  out.number(container.phase);
  out.array(container.requests.length);
  for (let i = 0; i < container.requests.length; i++) writeRequest(container.requests[i]);
  out.text(container.sandbox);
  out.text(container.rootfs);
  out.text(container.user);
  out.number(container.pid);
  out.array(container.calls.length);
  for (let i = 0; i < container.calls.length; i++) out.number(container.calls[i]);
  out.number(container.deadlineAt);
  out.number(container.placing);
  out.bool(container.placed);
  out.texts(container.ownDevs);
  out.bool(container.destroyed);
  writeRemark(container.remark);
}

function writeRequest(request: Request): void {
  out.array(REQUEST_FIELDS);
  out.text(request.driver);
  out.text(request.name);
  out.text(request.path);
  out.bool(request.readonly);
  out.bool(request.create);
  out.texts(request.options);
  out.text(request.origin);
}

export function writeVolume(volume: Volume): void {
  out.array(VOLUME_FIELDS);
  out.number(volume.seq);
  out.text(volume.driver);
  out.text(volume.name);
  out.bool(volume.plainDirs);
  out.texts(volume.options);
  out.number(volume.exists);
  out.number(volume.mounted);
  out.number(volume.rw);
  out.number(volume.ro);
  out.number(volume.rwMountId);
  out.number(volume.roMountId);
  out.text(volume.mountpoint);
  out.number(volume.driverMountId);
  out.number(volume.rwFromId);
  out.number(volume.roFromId);
  out.text(volume.dev);
  out.number(volume.suspect);
  out.number(volume.stacked);
  out.number(volume.binding);
  out.number(volume.bindUntil);
  out.number(volume.owedMin);
  out.number(volume.owedMax);
  out.bool(volume.unmountTried);
  out.bool(volume.owedBefore);
  out.number(volume.owedStale);
  out.texts(volume.users);
  out.number(volume.doing);
  out.number(volume.effect);
  out.number(volume.attempt);
  out.number(volume.retryAt);
  out.number(volume.settleAt);
  out.number(volume.vanishAt);
  out.number(volume.lingerAt);
  out.bool(volume.witnessed);
  out.bool(volume.unclaimed);
  out.number(volume.lookedAt);
  out.bool(volume.doubted);
  out.bool(volume.held);
  out.text(volume.failure);
  out.text(volume.failureCode);
}

function whole(r: Reader, field: string): f64 {
  return r.integer(field, 0, INTEGER_MAX);
}

/** How a snapshot differs from one of a policy that remembers nothing more than the shipped one. */
export class Extras {
  /** Fields behind those of the whole that all policies know. */
  whole: i32 = 0;
  /** Fields of a container that are ours alone, when the snapshot has them. */
  more: i32 = 0;
  /** Another variant has written it. */
  isOther: bool = false;
}

/** All before the containers. */
export function readHead(r: Reader, read: State): Extras {
  const extras = new Extras();
  extras.whole = r.array('snapshot') - FIELDS;
  if (!behind(r, 'snapshot', extras.whole, 0, extras.whole >= 0)) return extras;
  const schema = whole(r, 'schema');
  const extension = Math.floor(schema / EXTENSIONS);
  if (schema - extension * EXTENSIONS != f64(SCHEMA) && !r.failed)
    r.fail('schema', 'is not the one that this policy reads');
  extras.isOther = extension != 0 && extension != f64(SNAPSHOT_EXTENSION);
  extras.more = extension == f64(SNAPSHOT_EXTENSION) ? CONTAINER_MORE : 0;
  if (!behind(r, 'snapshot', extras.whole, 0, extras.isOther)) return extras;
  read.now = whole(r, 'now');
  read.bootId = r.text('bootId');
  read.recovered = r.bool('recovered');
  read.draining = r.bool('draining');
  read.nextEffect = whole(r, 'nextEffect');
  read.nextSeq = whole(r, 'nextSeq');
  if (!r.nil()) {
    const start = r.position;
    read.config = readConfig(r);
    read.configBytes = r.since(start);
  }
  read.quarantine = r.texts('quarantine').slice(0);
  return extras;
}

export function takeContainer(r: Reader, read: State, extras: Extras): void {
  const extra = r.array('container') - CONTAINER_FIELDS;
  if (!behind(r, 'container', extra, extras.more, extras.isOther)) return;
  const container = readContainer(r, read);
  if (extras.more > 0) container.remark = readRemark(r);
  else skipMany(r, 'container', extra);
}

export function takeVolume(r: Reader, read: State, extras: Extras): void {
  const extra = r.array('volume') - VOLUME_FIELDS;
  if (!behind(r, 'volume', extra, 0, extras.isOther)) return;
  readVolume(r, read);
  skipMany(r, 'volume', extra);
}

/** All behind the volumes. */
export function readEnd(r: Reader, read: State, extras: Extras): void {
  const count = r.array('inFlight');
  for (let i = 0; i < count && r.record('inFlight', 3); i++) {
    const effect = whole(r, 'inFlight.effect');
    const key = r.text('inFlight.key');
    read.inFlight.set(effect, new InFlight(effect, key, r.bool('inFlight.isVolume')));
  }
  skipMany(r, 'snapshot', extras.whole);
  r.finish();
  read.wakeAt = -1;
}

/** Whether so many fields may stand behind those that all policies know: as many as are ours, or any of another variant's. */
function behind(r: Reader, record: string, extra: i32, ours: i32, isOther: bool): bool {
  if (extra < 0 || (!isOther && extra != ours)) r.fail(record, 'has another number of fields');
  return !r.failed;
}

function skipMany(r: Reader, record: string, count: i32): void {
  for (let i = 0; i < count && !r.failed; i++) r.skip(record);
}

function readContainer(r: Reader, into: State): Container {
  const container = new Container();
  container.seq = whole(r, 'container.seq');
  container.key = r.text('container.id');
  container.phase = i32(r.integer('container.phase', 0, 3));
  const requests = r.array('container.requests');
  for (let i = 0; i < requests && r.record('request', REQUEST_FIELDS); i++)
    container.requests.push(readRequest(r));
  container.sandbox = r.text('container.sandbox');
  container.rootfs = r.text('container.rootfs');
  container.user = r.text('container.user');
  container.pid = whole(r, 'container.pid');
  const calls = r.array('container.calls');
  for (let i = 0; i < calls && !r.failed; i++) container.wait(whole(r, 'container.calls'));
  container.deadlineAt = whole(r, 'container.deadlineAt');
  container.placing = whole(r, 'container.placing');
  container.placed = r.bool('container.placed');
  container.ownDevs = r.texts('container.ownDevs');
  container.destroyed = r.bool('container.destroyed');
  if (into.containers.get(container.id)) r.fail('container.id', 'is there twice');
  else into.containers.add(container);
  if (container.deadlineAt > 0)
    into.timers.push(new Timer(container.deadlineAt, container.seq, container.id, false));
  return container;
}

function readRequest(r: Reader): Request {
  const request = new Request();
  request.driver = r.text('request.driver');
  request.name = r.text('request.name');
  request.identify();
  request.path = r.text('request.path');
  request.readonly = r.bool('request.readonly');
  request.create = r.bool('request.create');
  request.options = r.texts('request.options');
  request.origin = r.text('request.origin');
  return request;
}

function fact(r: Reader, field: string): i32 {
  return i32(r.integer(field, 0, 2));
}

function readVolume(r: Reader, into: State): void {
  const volume = new Volume();
  volume.seq = whole(r, 'volume.seq');
  volume.driver = r.text('volume.driver');
  volume.name = r.text('volume.name');
  volume.key = volume.driver + '/' + volume.name;
  volume.plainDirs = r.bool('volume.plainDirs');
  volume.options = r.texts('volume.options');
  volume.exists = fact(r, 'volume.exists');
  volume.mounted = fact(r, 'volume.mounted');
  volume.rw = fact(r, 'volume.rw');
  volume.ro = fact(r, 'volume.ro');
  volume.rwMountId = whole(r, 'volume.rwMountId');
  volume.roMountId = whole(r, 'volume.roMountId');
  volume.mountpoint = r.text('volume.mountpoint');
  volume.driverMountId = whole(r, 'volume.driverMountId');
  volume.rwFromId = whole(r, 'volume.rwFromId');
  volume.roFromId = whole(r, 'volume.roFromId');
  volume.dev = r.text('volume.dev');
  volume.suspect = i32(r.integer('volume.suspect', 0, 3));
  volume.stacked = i32(r.integer('volume.stacked', 0, 3));
  volume.binding = i32(r.integer('volume.binding', 0, 3));
  volume.bindUntil = whole(r, 'volume.bindUntil');
  volume.owedMin = i32(r.integer('volume.owedMin', 0, 1000000));
  volume.owedMax = i32(r.integer('volume.owedMax', 0, 1000000));
  volume.unmountTried = r.bool('volume.unmountTried');
  volume.owedBefore = r.bool('volume.owedBefore');
  volume.owedStale = i32(r.integer('volume.owedStale', 0, 1000000));
  volume.users = r.texts('volume.users').slice(0);
  volume.doing = i32(r.integer('volume.doing', 0, 10));
  volume.effect = whole(r, 'volume.effect');
  volume.attempt = i32(r.integer('volume.attempt', 0, 1000000000));
  volume.retryAt = whole(r, 'volume.retryAt');
  volume.settleAt = whole(r, 'volume.settleAt');
  volume.vanishAt = whole(r, 'volume.vanishAt');
  volume.lingerAt = whole(r, 'volume.lingerAt');
  volume.witnessed = r.bool('volume.witnessed');
  volume.unclaimed = r.bool('volume.unclaimed');
  volume.lookedAt = whole(r, 'volume.lookedAt');
  volume.doubted = r.bool('volume.doubted');
  volume.held = r.bool('volume.held');
  volume.failure = r.text('volume.failure');
  volume.failureCode = r.text('volume.failureCode');
  if (into.volumes.get(volume.key)) return r.fail('volume.name', 'is there twice');
  into.volumes.add(volume);
  if (volume.retryAt > 0) into.timers.push(new Timer(volume.retryAt, volume.seq, volume.key, true));
  if (volume.lingerAt > 0) into.timers.push(new Timer(volume.lingerAt, volume.seq, volume.key, true));
}
