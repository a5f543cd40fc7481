/**
 * The kill test: agent, two drivers and tasks on real volumes; processes are killed at random moments, and after each fault everything is
 * looked at. See --help.
 */
import { parseArgs } from 'node:util';
import { isApart, runApart, shareMounts } from './apart.ts';
import { figuresText, lost } from './figures.ts';
import { clearPlace, findPlace } from './place.ts';
import { runChaos } from './run.ts';

const USAGE = `npm run chaos                                20 kills
npm run chaos -- --kills 500 --seed 7        more, the same choices again
npm run chaos -- --kills 500 --json          figures as one JSON object on stdout

  --kills N    SIGKILLs of the agent, of a driver or of both (20)
  --seed S     of all choices; printed, for the next time
  --json       figures on stdout; words are on stderr in any case
  --keep       keep the directory also when all is well
  --clear DIR  only take away what a run left that was killed itself

Needs root and a C compiler. A failure keeps the directory, and says seed, round and what was lost. Exit codes: 0 nothing was lost,
1 something was, 2 usage.
`;

interface Asked {
  kills: number;
  seed: number;
  json: boolean;
  keep: boolean;
  clear: string | undefined;
}

function readArguments(): Asked | string {
  try {
    const { values } = parseArgs({
      options: {
        kills: { type: 'string', default: '20' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
        json: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        clear: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return '';
    const [kills, seed] = [Number(values.kills), Number(values.seed)];
    if (!Number.isInteger(kills) || kills < 1) return `--kills ${values.kills}: not a number of kills`;
    if (!Number.isInteger(seed) || seed < 0) return `--seed ${values.seed}: not a whole number`;
    return { kills, seed, json: values.json, keep: values.keep, clear: values.clear };
  } catch (error) {
    return (error as Error).message;
  }
}

async function main(): Promise<number> {
  const asked = readArguments();
  if (asked === '') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (typeof asked === 'string') {
    process.stderr.write(`chaos: ${asked}; see --help\n`);
    return 2;
  }
  if (process.getuid?.() !== 0) {
    process.stderr.write('chaos: it mounts file systems and needs root\n');
    return 2;
  }
  if (!isApart() && asked.clear === undefined) return runApart(process.argv.slice(2));
  const say = (text: string) => process.stderr.write(`${text}\n`);
  if (asked.clear !== undefined) return clear(asked.clear, say);
  shareMounts();
  const { figures, failed } = await runChaos({ ...asked, say });
  process.stdout.write(asked.json ? `${JSON.stringify(figures)}\n` : figuresText(figures));
  return failed || lost(figures.losses) ? 1 : 0;
}

async function clear(directory: string, say: (text: string) => void): Promise<number> {
  const place = findPlace(directory);
  if (!place) {
    say(`chaos: ${directory} is not the directory of such a run`);
    return 2;
  }
  const left = await clearPlace(place, false);
  for (const what of left) say(`chaos: could not be taken away: ${what}`);
  return left.length === 0 ? 0 : 1;
}

process.exitCode = await main();
