/** What people are told, cut or guessed wrong without a test that noticed; each title says what would break. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failed } from './machine.ts';
import { end, upTo, V1 } from './policy_steps.ts';
import { CONFIG, createWorld } from './world.ts';

const hints = suite('policy: the nearest name');

/** What is said to a task that names this driver where these are configured. */
function hintFor(driver: string, ...configured: string[]): string {
  const drivers = Object.fromEntries(configured.map((name) => [name, {}]));
  const world = createWorld({ config: { ...CONFIG, defaultDriver: null, drivers } });
  const { error } = world.reply(world.prepare('c1', { volume: 'v1', 'volume-driver': driver }));
  assert.is(error?.code, 'unknown-driver');
  return error?.hint ?? '';
}

hints('a letter too few or too many is one mistake, not two', () => {
  assert.is(hintFor('eb', 'ebs'), 'did you mean ebs?');
  assert.is(hintFor('es', 's'), 'did you mean s?');
});

hints('of several names the nearest is proposed, wherever it stands, and of equals the first', () => {
  assert.is(hintFor('ebs-abcd', 'ebs-xxcd', 'ebs-xbcd'), 'did you mean ebs-xbcd?');
  assert.is(hintFor('ebs-abcd', 'ebs-xbcd', 'ebs-xxcd'), 'did you mean ebs-xbcd?');
  assert.is(hintFor('ebs-abcd', 'ebs-xbcd', 'ebs-abcx'), 'did you mean ebs-xbcd?');
});

hints('names of up to 64 letters are compared, longer ones are not', () => {
  const d = (count: number) => 'd'.repeat(count);
  assert.is(hintFor(d(63), d(64)), `did you mean ${d(64)}?`);
  assert.is(hintFor(d(64), d(63)), `did you mean ${d(63)}?`);
  assert.is(hintFor(d(64), d(65)), `configured are ${d(65)}`);
  assert.is(hintFor(d(65), d(64)), `configured are ${d(64)}`);
});

const texts = suite('policy: texts that are cut');

texts('a character of two halves is told whole, and its neighbours are not taken for one', () => {
  const world = createWorld();
  for (const character of ['\u{10000}', '\u{10ffff}', '\ud7ff', '\ue000']) {
    const { error } = world.reply(world.prepare('c1', { volume: `v${character}b:data` }));
    assert.match(error?.message ?? '', `has "${character}" at position 2`);
  }
});

texts('a long path is cut between characters, not inside of one', () => {
  const world = createWorld();
  for (const [shown, rest] of [
    [`${'a'.repeat(38)}\u{10000}`, ''],
    [`${'a'.repeat(38)}\u{10fc00}`, ''],
    ['a'.repeat(39), '\u{10000}'],
    ['a'.repeat(39), '\u{10ffff}'],
    [`${'a'.repeat(39)}\ud7ff`, ''],
  ]) {
    const { error } = world.reply(world.prepare('c1', { volume: `v1:${shown}${rest}${'a'.repeat(5000)}` }));
    assert.match(error?.message ?? '', `"${shown}…" is too long`);
  }
});

texts('400 characters are told whole, one more is cut', () => {
  /** How a task is told that its driver has said so many letters. */
  const said = (count: number) => {
    const world = createWorld();
    const effects = end(world, upTo(world, 'mount', V1), failed('refused', 'odd', 'x'.repeat(count)));
    return world.reply(effects).error?.message ?? '';
  };
  const before = said(1).length - 1;
  assert.is(said(400 - before), `${said(1).slice(0, -1)}${'x'.repeat(400 - before)}`);
  assert.is(said(401 - before), `${said(400 - before)}…`);
});

for (const each of [hints, texts]) each.run();
