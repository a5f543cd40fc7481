/** `npm run bench -- NAME`: measures, prints a table, writes nothing. */
import { benchDecide } from './decide.ts';
import { benchMemory } from './memory.ts';

const benches: Record<string, (args: string[]) => void> = { decide: benchDecide, memory: benchMemory };
const [name = '', ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench) bench(args);
else {
  process.stderr.write(`bench: name one of: ${Object.keys(benches).join(', ')}\n`);
  process.exitCode = 2;
}
