/** Journals of real events, written the way the loop writes them. */
import { readFileSync } from 'node:fs';
import { createDirectory, learnFrame } from '../host/directory.ts';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { stampOf } from '../host/frames/event_frame.ts';
import { continueJournal, type JournalWriter } from '../host/journal/journal_writer.ts';
import { type Policy, startPolicy } from '../host/policy/policy.ts';
import { createCoverage } from '../simulator/coverage.ts';
import { runSeed } from '../simulator/scenario.ts';
import { POLICY } from './world.ts';

export const MODULE = readFileSync(POLICY);

/** Actions of a life: some hundred events. */
const STEPS = 150;

export function freshPolicy(): Policy {
  return startPolicy(MODULE, POLICY);
}

/** The event frames of one simulated life, at least so many: crashes, losses, recoveries in parts and all. */
export function simulatedFrames(seed: number, atLeast: number): Uint8Array[] {
  const key = `${seed} ${atLeast}`;
  const frames = lives.get(key) ?? live(seed, atLeast);
  lives.set(key, frames);
  return frames;
}

const lives = new Map<string, Uint8Array[]>();

function live(seed: number, atLeast: number): Uint8Array[] {
  for (let next = seed; ; next += 1) {
    const deciding = freshPolicy();
    const empty = deciding.snapshot() as Uint8Array;
    const policies = { deciding, comparing: freshPolicy(), empty };
    const { world, failure } = runSeed(next, STEPS, policies, createCoverage());
    if (failure) throw new Error(`seed ${next}: ${failure.message}`);
    if (world.journal.length >= atLeast) return world.journal.map(({ frame }) => frame);
  }
}

/** A host as far as its journal goes: takes events, and begins segments when told. */
export interface Scribe {
  policy: Policy;
  writer: JournalWriter;
  /** Written with the next `sync` of the writer, or `turn`. */
  take(frame: Uint8Array): void;
  /** Begins the next segment with a snapshot; false when there can be none just now. */
  turn(): Promise<boolean>;
  /** What the events have led to: policy, directory, time, calls. */
  state(): object;
}

export const FRESH = { number: 1, size: undefined };

export function createScribe(directory: string, options = {}): Scribe {
  const policy = freshPolicy();
  const keeper = createDirectory();
  const writer = continueJournal({
    directory,
    run: { abi: 2, policy: policy.digest, bootId: 'b' },
    end: FRESH,
    events: 0,
    effectsBefore: 0,
    ...options,
  });
  let at = 0;
  let lastCall = 0;
  return {
    policy,
    writer,
    take(frame) {
      const wallMs = writer.append(frame);
      const effects = policy.step(frame);
      writer.stepped(effects);
      learnFrame(keeper, frame, decodeEffects(effects), wallMs);
      const stamped = stampOf(frame);
      at = Math.max(at, stamped.at);
      lastCall = Math.max(lastCall, stamped.call);
    },
    async turn() {
      const state = policy.snapshot();
      if (!state) return false;
      const { snapshots } = writer.counts();
      await writer.sync();
      await writer.rotate({ state, at, lastCall, learnt: keeper.keep() });
      await writer.sync();
      while (writer.counts().snapshots === snapshots) await new Promise((next) => setImmediate(next));
      return true;
    },
    state: () => ({ policy: hexOf(policy.snapshot()), learnt: keeper.keep(), at, lastCall }),
  };
}

export function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex');
}
