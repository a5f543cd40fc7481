/** When a report on a swap stops simulating worlds. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busy, examined, simulationOf, stateOf } from './swap_examined.ts';
import { POLICY } from './world.ts';

const worlds = suite('the simulated worlds of a report');

worlds('no world begins when the time is up', () => {
  const { runs, events } = simulationOf(examined(POLICY, stateOf(busy), { secondsMax: 0 }));
  assert.equal([runs, events], [0, 0]);
});

worlds('the time ends it amid its worlds', () => {
  const most = 20_000;
  const simulation = simulationOf(
    examined(POLICY, stateOf(busy), { runs: most, steps: 20, secondsMax: 0.3 }),
  );
  assert.ok(simulation.runs > 0 && simulation.runs < most, `${simulation.runs} worlds`);
});

worlds.run();
