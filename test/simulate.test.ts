/** The simulator finds nothing in the shipped policy, and finds what is broken on purpose. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pack, unpack } from '../host/frames/codec.ts';
import { decodeEffects } from '../host/frames/effect_frame.ts';
import { encodeEvent } from '../host/frames/event_frame.ts';
import { type Policy, startPolicy } from '../host/policy/policy.ts';
import { type CampaignOptions, runCampaign } from '../simulator/campaign.ts';
import { tableOf } from '../simulator/coverage.ts';
import { patched } from './patched_policy.ts';
import { POLICY } from './world.ts';

/** As many seeds as fit. */
const CLEAN_MS = 60_000;
const module = readFileSync(POLICY);
const ALL: CampaignOptions = { module, name: POLICY, seed: 1, steps: 340, runs: 1_000_000 };

type Row = [number, ...unknown[]];
const [DRIVER, DETACH, REPLY, OBSERVE] = [1, 3, 6, 4];

/** A policy whose effects are changed on their way out. */
function tampered(change: (effects: Row[]) => Row[]): (policy: Policy) => Policy {
  return (policy) => ({
    ...policy,
    step(frame) {
      const [schema, effects] = unpack(policy.step(frame)) as [number, Row[]];
      return pack([schema, change(effects)]);
    },
  });
}

const simulate = suite('simulate');

simulate('whatever breaks, the shipped policy keeps all rules, seed after seed', () => {
  const end = performance.now() + CLEAN_MS;
  const { broken, runs, coverage } = runCampaign({ ...ALL, isOver: () => performance.now() > end });
  assert.is(
    broken && `seed ${broken.seed}: ${broken.failure.invariant}: ${broken.failure.message}`,
    undefined,
  );
  assert.ok(runs > 300, `only ${runs} seeds in ${CLEAN_MS} ms`);
  const held = tableOf(coverage).filter(({ facts }) => facts === 'driver+ rw held');
  for (const event of ['prepare', 'cleanup', 'recover', 'restart', 'lost', 'bind', 'observe'])
    assert.ok(
      (held.find((cell) => cell.event === event)?.hits ?? 0) > 0,
      `no ${event} while a volume was held`,
    );
  console.log(`  ${runs} seeds`);
});

const FAULTS: Record<string, { rule: RegExp; options: Partial<CampaignOptions> }> = {
  'an unmount that is never sent': {
    rule: /clean/,
    options: {
      wrap: tampered((effects) => effects.filter(([type, , op]) => type !== DRIVER || op !== 'unmount')),
    },
  },
  'a detach that is sent to the driver as an unmount': {
    rule: /clean|held|witness|calm/,
    options: {
      wrap: tampered((effects) =>
        effects.map((effect) => {
          const [type, number, target] = effect;
          if (type !== DETACH) return effect;
          const [driver, name] = String(target).split('/').slice(-2);
          return [DRIVER, number, 'unmount', driver, name, 'moorage-a1-x', [], 1000];
        }),
      ),
    },
  },
  'a reply that is sent twice': {
    rule: /answered/,
    options: {
      wrap: tampered((effects) => effects.flatMap((row) => (row[0] === REPLY ? [row, row] : [row]))),
    },
  },
  'a refusal that is answered ok': {
    rule: /mounted|answered|starts/,
    options: {
      wrap: tampered((effects) =>
        effects.map((row) =>
          row[0] === REPLY && row[2] === false
            ? [REPLY, row[1], true, [['/m/ebs/v1', 'd', false]], null]
            : row,
        ),
      ),
    },
  },
  'a refusal that is answered ok with nothing in it': {
    rule: /admitted/,
    options: {
      wrap: tampered((effects) =>
        effects.map((row) => (row[0] === REPLY && row[2] === false ? [REPLY, row[1], true, [], null] : row)),
      ),
    },
  },
  'a cleanup that is refused': {
    rule: /answered/,
    options: {
      wrap: tampered((effects) =>
        effects.map((row) =>
          row[0] === REPLY && row[2] === true && row[3] === null && (row[1] as number) > 3
            ? [REPLY, row[1], false, null, ['bad-frame', 'no', '']]
            : row,
        ),
      ),
    },
  },
  'a second mount where a look was due': {
    rule: /twice|held|mounted|clean|answered|typing|calm/,
    options: {
      wrap: tampered((effects) =>
        effects.map((row) =>
          row[0] === OBSERVE ? [DRIVER, row[1], 'mount', row[2], row[3], 'moorage-a1-x', [], 1000] : row,
        ),
      ),
    },
  },
  'a deadline of a prepare that is an hour': {
    rule: /answered/,
    options: { module: patched(45_000, 3_600_000) },
  },
  'a backoff of nothing': {
    rule: /calm/,
    options: { module: patched(200, 0) },
  },
};

for (const [fault, { rule, options }] of Object.entries(FAULTS)) {
  simulate(`${fault} is found within 500 seeds, and shrunk`, () => {
    const { broken } = runCampaign({ ...ALL, runs: 500, ...options });
    assert.ok(broken, 'no rule was broken');
    assert.match(broken.failure.invariant, rule, broken.failure.message);
    assert.ok(broken.shrunk && broken.shrunk.actions.length < ALL.steps / 2, 'not shrunk');
  });
}

simulate('the shrunk trace leads the policy to the same decisions again', () => {
  const { broken } = runCampaign({ ...ALL, runs: 500, ...FAULTS['a backoff of nothing']?.options });
  const trace = broken?.shrunk?.failure.trace ?? [];
  const policy = startPolicy(patched(200, 0), 'patched');
  const effects = trace.map((event) => decodeEffects(policy.step(encodeEvent(event))));
  const looks = effects.flat().filter(({ type }) => type === 'observe' || type === 'driver');
  assert.ok(looks.length > 50, `${looks.length} effects of ${trace.length} events`);
});

simulate('the same seed is the same run', () => {
  const one = runCampaign({ ...ALL, seed: 77, runs: 40 });
  const two = runCampaign({ ...ALL, seed: 77, runs: 40 });
  assert.is(one.events, two.events);
  assert.equal(tableOf(one.coverage), tableOf(two.coverage));
});

simulate.run();
