/** `npm run bench -- NAME`: measures, prints a table, writes nothing. */
import { benchDecide } from './decide.ts';

const benches: Record<string, () => void> = { decide: benchDecide };
const name = process.argv[2] ?? '';
const bench = benches[name];
if (bench) bench();
else {
  process.stderr.write(`bench: name one of: ${Object.keys(benches).join(', ')}\n`);
  process.exitCode = 2;
}
