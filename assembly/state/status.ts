import { DriverConfig } from '../events/config.ts';
import { Request } from '../requests/request.ts';
import { out } from '../wire/writer.ts';
import { Container, GONE, LIMITED, PREPARING, READY } from './container.ts';
import { countUsers, state } from './state.ts';
import { writeConfig, writeRecord } from './status_record.ts';
import { Volume } from './volume.ts';
import { VOLUME_WORDS, wordOf } from './words.ts';

/**
 * What people and their tools want to see of the state, as MessagePack maps: every value has a name, so that a tool can read what a later
 * policy writes. Nothing is ever restored from it, and writing it changes nothing. Values of driver options may be secrets: only their names
 * are written.
 */
export const OVERVIEW: i32 = 0;
export const VOLUMES: i32 = 1;
export const CONTAINERS: i32 = 2;
export const COUNTS: i32 = 3;
export const CONFIG: i32 = 4;
export const RECORDS: i32 = 5;

const ANSWERS: string[] = ['no', 'yes', 'unknown'];
const PHASES: string[] = ['waiting', 'holding', 'limited', 'destroyed'];
const WORK: string[] = [
  '',
  'get',
  'create',
  'mount',
  'unmount',
  'bind rw',
  'bind ro',
  'detach rw',
  'detach ro',
  'observe',
  'witness',
];

/**
 * Writes one part of it and returns its size; 0 when there is no such part. `OVERVIEW` is one map. `VOLUMES` and `CONTAINERS` are lists of at most `most`
 * maps, of those whose `seq` is above `after`, in that order; `COUNTS` counts at most `most` volumes above `after`. So a large state is
 * looked at in pieces. `CONFIG` is the configuration, `RECORDS` what is on record of the mounts of the same volumes as `VOLUMES`.
 */
export function writeStatus(what: i32, after: f64, most: i32): i32 {
  out.start();
  if (what == OVERVIEW) writeOverview();
  else if (what == VOLUMES) writeVolumes(after, most);
  else if (what == CONTAINERS) writeContainers(after, most);
  else if (what == COUNTS) writeCounts(after, most);
  else if (what == CONFIG) writeConfig();
  else if (what == RECORDS) writeRecords(after, most);
  return out.size;
}

function writeOverview(): void {
  const config = state.config;
  out.map(11);
  out.text('now');
  out.number(state.now);
  out.text('agentId');
  out.text(config ? config.agentId : '');
  out.text('root');
  out.text(config ? config.root : '');
  out.text('recovered');
  out.bool(state.recovered);
  out.text('recovering');
  out.bool(state.recovering !== null);
  out.text('draining');
  out.bool(state.draining);
  out.text('quarantine');
  out.texts(state.quarantine);
  out.text('volumes');
  out.number(f64(state.volumes.size));
  out.text('containers');
  out.number(f64(state.containers.size));
  out.text('inFlight');
  out.number(f64(state.inFlight.size));
  out.text('drivers');
  out.array(config ? config.drivers.length : 0);
  if (config) for (let i = 0; i < config.drivers.length; i++) writeDriver(config.drivers[i], config.lingerMs);
}

function writeDriver(driver: DriverConfig, lingerMs: f64): void {
  out.map(6);
  out.text('name');
  out.text(driver.name);
  out.text('sharing');
  out.text(driver.exclusive ? 'exclusive' : 'shared');
  out.text('readonly');
  out.bool(driver.readonly);
  out.text('create');
  out.bool(driver.create);
  out.text('lingerMs');
  out.number(driver.lingerMs >= 0 ? driver.lingerMs : lingerMs);
  out.text('maxInFlight');
  out.number(driver.maxInFlight);
}

/** The last ones that were written: who asks for a large state piece by piece is not made to wait for a walk through all before. */
let lastVolume: Volume | null = null;
let lastContainer: Container | null = null;

function volumeAfter(after: f64): Volume | null {
  const last = lastVolume;
  if (last && last.seq == after && state.volumes.get(last.key) == last) return state.volumes.next(last);
  let each = state.volumes.first();
  while (each && each.seq <= after) each = state.volumes.next(each);
  return each;
}

function containerAfter(after: f64): Container | null {
  const last = lastContainer;
  if (last && last.seq == after && state.containers.get(last.key) == last) return state.containers.next(last);
  let each = state.containers.first();
  while (each && each.seq <= after) each = state.containers.next(each);
  return each;
}

function writeVolumes(after: f64, most: i32): void {
  const place = out.openArray();
  let count = 0;
  for (let each = volumeAfter(after); each && count < most; each = state.volumes.next(each)) {
    writeVolume(each);
    lastVolume = each;
    count += 1;
  }
  out.setCount(place, count);
}

function writeRecords(after: f64, most: i32): void {
  const place = out.openArray();
  let count = 0;
  for (let each = volumeAfter(after); each && count < most; each = state.volumes.next(each)) {
    writeRecord(each);
    lastVolume = each;
    count += 1;
  }
  out.setCount(place, count);
}

function writeVolume(volume: Volume): void {
  out.map(26);
  out.text('seq');
  out.number(volume.seq);
  out.text('driver');
  out.text(volume.driver);
  out.text('name');
  out.text(volume.name);
  out.text('state');
  out.text(VOLUME_WORDS[wordOf(volume)]);
  writeFacts(volume);
  out.text('owed');
  out.array(2);
  out.number(f64(volume.owedMin));
  out.number(f64(volume.owedMax));
  out.text('doing');
  out.optionalText(WORK[volume.doing]);
  out.text('effect');
  out.number(volume.busy ? volume.effect : 0);
  out.text('attempts');
  out.number(f64(volume.attempt));
  writeTimes(volume);
  out.text('errorCode');
  out.optionalText(volume.failureCode);
  out.text('error');
  out.optionalText(volume.failure);
  out.text('held');
  out.bool(volume.held);
  out.text('unclaimed');
  out.bool(volume.unclaimed);
  out.text('options');
  writeNames(volume.options);
  out.text('holders');
  writeUsers(volume, READY);
  out.text('waiters');
  writeUsers(volume, PREPARING);
  out.text('limited');
  writeUsers(volume, LIMITED);
}

function writeFacts(volume: Volume): void {
  out.text('exists');
  out.text(ANSWERS[volume.exists]);
  out.text('mounted');
  out.text(ANSWERS[volume.mounted]);
  out.text('rw');
  out.text(ANSWERS[volume.rw]);
  out.text('ro');
  out.text(ANSWERS[volume.ro]);
  out.text('mountpoint');
  out.optionalText(volume.mountpoint);
  out.text('dev');
  out.optionalText(volume.dev);
}

/** Of things to come, in the policy's time; 0 for none. */
function writeTimes(volume: Volume): void {
  out.text('retryAt');
  out.number(volume.retryAt);
  out.text('settleAt');
  out.number(volume.settleAt);
  out.text('vanishAt');
  out.number(volume.vanishAt);
  out.text('lingerAt');
  out.number(volume.lingerAt);
}

/** Those of its containers that are in this phase. */
function writeUsers(volume: Volume, phase: i32): void {
  out.array(countUsers(volume, phase));
  for (let i = 0; i < volume.users.length; i++) {
    const container = state.container(volume.users[i]);
    if (container && container.phase == phase) out.text(container.id);
  }
}

/** Of a flat list of keys and values the keys. */
function writeNames(options: string[]): void {
  out.array(options.length >> 1);
  for (let i = 0; i < options.length; i += 2) out.text(options[i]);
}

function writeContainers(after: f64, most: i32): void {
  const place = out.openArray();
  let count = 0;
  for (let each = containerAfter(after); each && count < most; each = state.containers.next(each)) {
    writeContainer(each);
    lastContainer = each;
    count += 1;
  }
  out.setCount(place, count);
}

function writeContainer(container: Container): void {
  out.map(8);
  out.text('seq');
  out.number(container.seq);
  out.text('id');
  out.text(container.id);
  out.text('state');
  out.text(PHASES[container.phase]);
  out.text('destroyed');
  out.bool(container.destroyed || container.phase == GONE);
  out.text('placing');
  out.number(container.placing);
  out.text('deadlineAt');
  out.number(container.deadlineAt);
  out.text('pid');
  out.number(container.pid);
  out.text('volumes');
  out.array(container.requests.length);
  for (let i = 0; i < container.requests.length; i++) writeRequest(container.requests[i]);
}

function writeRequest(request: Request): void {
  out.map(7);
  out.text('driver');
  out.text(request.driver);
  out.text('name');
  out.text(request.name);
  out.text('path');
  out.text(request.path);
  out.text('readonly');
  out.bool(request.readonly);
  out.text('create');
  out.bool(request.create);
  out.text('options');
  writeNames(request.options);
  out.text('origin');
  out.text(request.origin);
}

/** Volumes of one driver by their word. */
class Tally {
  counts: i32[] = VOLUME_WORDS.map<i32>((_word: string): i32 => 0);

  constructor(public driver: string) {}
}

function tallyOf(tallies: Tally[], driver: string): Tally {
  for (let i = 0; i < tallies.length; i++) if (tallies[i].driver == driver) return tallies[i];
  const tally = new Tally(driver);
  tallies.push(tally);
  return tally;
}

/** `next` is the `seq` to go on after, 0 when all have been counted. */
function writeCounts(after: f64, most: i32): void {
  const tallies: Tally[] = [];
  let last = after;
  let each = volumeAfter(after);
  for (let count = 0; each && count < most; count++) {
    tallyOf(tallies, each.driver).counts[wordOf(each)] += 1;
    lastVolume = each;
    last = each.seq;
    each = state.volumes.next(each);
  }
  out.map(2);
  out.text('next');
  out.number(each ? last : 0);
  out.text('drivers');
  out.array(tallies.length);
  for (let i = 0; i < tallies.length; i++) {
    out.map(VOLUME_WORDS.length + 1);
    out.text('driver');
    out.text(tallies[i].driver);
    for (let word = 0; word < VOLUME_WORDS.length; word++) {
      out.text(VOLUME_WORDS[word]);
      out.number(f64(tallies[i].counts[word]));
    }
  }
}
