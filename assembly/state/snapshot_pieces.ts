import { Reader } from '../wire/reader.ts';
import { out } from '../wire/writer.ts';
import { Container } from './container.ts';
import {
  Extras,
  readEnd,
  readHead,
  takeContainer,
  takeVolume,
  writeContainer,
  writeHead,
  writeInFlight,
  writeVolume,
} from './snapshot.ts';
import { State, state } from './state.ts';
import { Volume } from './volume.ts';

/*
 * Snapshots as a whole, and a piece at a time: with 10,000 containers a whole one takes so long that callers would feel it.
 */

/** What a piece of work answers when there is more to do. */
export const MORE: i32 = -1;
/** So many containers and volumes are one piece. */
const PIECE: i32 = 128;

const ALL: i32 = 0x7fffffff;

const CONTAINERS: i32 = 0;
const VOLUMES: i32 = 1;

/** A snapshot that is being written. Between two pieces nothing may be stepped. */
class Writing {
  section: i32 = CONTAINERS;
  container: Container | null = null;
  volume: Volume | null = null;

  begin(): void {
    out.start();
    writeHead();
    out.array(state.containers.size);
    this.section = CONTAINERS;
    this.container = state.containers.first();
  }

  /** Returns the size of the whole, or MORE. */
  write(most: i32): i32 {
    let left = most;
    if (this.section == CONTAINERS) {
      for (; this.container && left > 0; left--) {
        writeContainer(this.container as Container);
        this.container = state.containers.next(this.container);
      }
      if (this.container) return MORE;
      this.section = VOLUMES;
      out.array(state.volumes.size);
      this.volume = state.volumes.first();
    }
    for (; this.volume && left > 0; left--) {
      writeVolume(this.volume as Volume);
      this.volume = state.volumes.next(this.volume);
    }
    if (this.volume) return MORE;
    writeInFlight();
    return out.size;
  }
}

const writing = new Writing();

/** Returns the size, or 0 while a recovery is coming in in parts: then there is nothing whole to keep. */
export function writeSnapshot(): i32 {
  if (state.recovering) return 0;
  writing.begin();
  return writing.write(ALL);
}

/** Like {@link writeSnapshot}, a piece at a time: MORE until the last. */
export function writeSnapshotPart(begin: bool): i32 {
  if (state.recovering) return 0;
  if (begin) writing.begin();
  return writing.write(PIECE);
}

/** A snapshot that is being read, into a state that is nobody's yet. */
class Reading {
  read: State = new State();
  extras: Extras = new Extras();
  section: i32 = CONTAINERS;
  /** Records of the section that are still to come. */
  left: i32 = 0;

  begin(r: Reader): void {
    this.read = new State();
    this.section = CONTAINERS;
    this.extras = readHead(r, this.read);
    this.left = r.array('containers');
  }

  /** False while there is more to come. */
  take(r: Reader, most: i32): bool {
    let room = most;
    if (this.section == CONTAINERS) {
      for (; this.left > 0 && room > 0 && !r.failed; room--, this.left--)
        takeContainer(r, this.read, this.extras);
      if (this.left > 0 && !r.failed) return false;
      this.section = VOLUMES;
      this.left = r.array('volumes');
    }
    for (; this.left > 0 && room > 0 && !r.failed; room--, this.left--) takeVolume(r, this.read, this.extras);
    if (this.left > 0 && !r.failed) return false;
    readEnd(r, this.read, this.extras);
    return true;
  }

  /** What was read; nothing of it is kept here. */
  give(): State {
    const read = this.read;
    this.read = new State();
    return read;
  }
}

const reading = new Reading();

/** The state that {@link writeSnapshot} wrote, or null with the reader's error set. */
export function readSnapshot(r: Reader): State | null {
  reading.begin(r);
  reading.take(r, ALL);
  const read = reading.give();
  return r.failed ? null : read;
}

/** Like {@link readSnapshot}, a piece at a time: false while there is more; then {@link givenState}. Between two pieces nothing may be stepped. */
export function readSnapshotPart(r: Reader, begin: bool): bool {
  if (begin) reading.begin(r);
  return reading.take(r, PIECE);
}

/** The state that was read in pieces. */
export function givenState(): State {
  return reading.give();
}
