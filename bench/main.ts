/** `npm run bench -- NAME`: measures, prints a table, writes nothing that stays. */
import { benchDecide } from './decide.ts';
import { benchFollower } from './follower.ts';
import { benchGuard } from './guard.ts';
import { benchJournal } from './journal.ts';
import { benchMemory } from './memory.ts';
import { benchMesos } from './mesos.ts';
import { benchReplay } from './replay.ts';
import { benchStatus } from './status.ts';
import { benchSwap } from './swap.ts';

const benches: Record<string, (args: string[]) => void | Promise<void>> = {
  decide: benchDecide,
  follower: benchFollower,
  guard: benchGuard,
  journal: benchJournal,
  memory: benchMemory,
  mesos: benchMesos,
  replay: benchReplay,
  status: benchStatus,
  swap: benchSwap,
};
const [name = '', ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench) await bench(args);
else {
  process.stderr.write(`bench: name one of: ${Object.keys(benches).join(', ')}\n`);
  process.exitCode = 2;
}
