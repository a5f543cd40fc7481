/** `npm run differential -- --events N --seed N`: the portable policy against the wasm, for as long as you like. */
import { parseArgs } from 'node:util';
import { loadPolicy } from '../host/policy/policy.ts';
import { startPortable } from '../portable/policy.ts';
import { compareTwins } from './policy_twins.ts';
import { POLICY } from './world.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const events = Number(values.events);
const seed = Number(values.seed);
if (!(events > 0) || !Number.isInteger(seed)) throw new Error('--events and --seed want whole numbers');

const start = performance.now();
const parting = compareTwins(loadPolicy(POLICY), startPortable(), events, seed);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
if (parting) {
  process.stderr.write(
    `They part at seed ${parting.seed}, step ${parting.step}: ${parting.what}\nevent ${parting.frame}\n`,
  );
  process.exitCode = 1;
} else {
  process.stdout.write(
    `${events} events from seed ${seed}: effects and snapshots equal after each (${seconds} s)\n`,
  );
}
