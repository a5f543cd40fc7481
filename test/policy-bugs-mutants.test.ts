/** One test for each mistake of the policy that came to light while faults were put into it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack } from '../host/frames/codec.ts';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { createWorld } from './world.ts';

const bugs = suite('policy: mistakes found beside faults made on purpose');

bugs('a call whose number cannot be read was answered as call 0, which is another one', () => {
  const world = createWorld();
  for (const call of [null, 'x', -1, 1.5, 2 ** 53]) {
    const effects = decodeEffects(world.policy.step(pack([1, 8, 0, call, 'c1'])));
    assert.equal(
      effects.flatMap((effect) => (effect.type === 'alert' ? [effect.code] : [effect.type])),
      ['bad-frame'],
      `call ${call}`,
    );
  }
});

bugs('to a word of some thousand letters a short one was proposed', () => {
  const world = createWorld();
  for (const count of [65, 3000]) {
    const { error } = world.reply(world.send({ type: 'operator', verb: 'x'.repeat(count) }));
    assert.match(error?.hint ?? '', /^known are retry, hold, /, `${count} letters`);
  }
});

bugs.run();
