import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { Command } from 'commander';
import { buildFile } from './build_files.ts';
import { type DemoResult, runDemo } from './demo/run.ts';
import { FLIGHTS } from './demo/seed.ts';
import { runInUserNamespace } from './demo/user_namespace.ts';
import { createView } from './demo/view.ts';
import { endEarlierRun, openWorkspace } from './demo/workspace.ts';
import { CheckError, UsageError } from './usage_error.ts';

const EXAMPLES = `Examples:
  moorage demo
  moorage demo --json | jq .rows
  moorage demo --kill-agent
`;

const NOTES = `
Mounts file systems: as root with loop devices, else in a user namespace with fuse2fs or in memory, and it says which. Exit codes: 0 all is as it should be, 1 something is not, 2 usage.
`;

interface Options {
  dir: string;
  json?: boolean;
  killAgent?: boolean;
}

/** `moorage demo`: an ETL job of three tasks whose data lives on external volumes. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('drivers, agent and three tasks on real volumes, watched live')
    .description(
      'Runs an ETL job of three tasks (extract, transform, load) on volumes of two storage types, and checks what came out.',
    )
    .option('--dir <directory>', 'where everything lies; made anew by each run', buildFile('demo'))
    .option('--json', 'one JSON object on stdout at the end, words on stderr')
    .option('--kill-agent', 'kill the agent with SIGKILL in the middle and start it again')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action(demo);
}

async function demo(options: Options): Promise<void> {
  if (!existsSync(FLIGHTS))
    throw new UsageError(
      `the demonstration runs in a checkout: there is no ${FLIGHTS}; run \`npm start\` in one`,
    );
  if (process.getuid?.() !== 0) {
    // What runs in a namespace of an earlier run is seen from outside only.
    await endEarlierRun(options.dir, (text) => process.stderr.write(`${text}\n`));
    process.stderr.write('not root: going on in a user namespace of its own\n');
    process.exitCode = await runInUserNamespace();
    return;
  }
  const begun = performance.now();
  const view = createView(options.json ? process.stderr : process.stdout, begun);
  const workspace = await openWorkspace(options.dir, (text) => view.line(text));
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!abort.signal.aborted) view.line(`${signal}: taking everything down`);
      abort.abort();
    });
  }
  let result: DemoResult;
  try {
    result = await runDemo({ workspace, view, killAgent: options.killAgent ?? false, signal: abort.signal });
  } finally {
    view.end();
    workspace.dispose();
  }
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(summary(result));
  if (!result.ok) throw new CheckError('the demonstration did not end as it should; see above');
}

function summary({ rows, verified, embedded, maxHolders, leaked, journal, agentStarts }: DemoResult): string {
  const where = relative(process.cwd(), journal) || journal;
  const lines = [
    `rows          ${rows.extracted} extracted, ${rows.transformed} figures from them, ${rows.loaded} loaded`,
    `verified      ${verified ? 'yes: the same query on the source gives the loaded figures' : 'NO: the loaded figures differ from the source'}`,
    `shared        ${maxHolders} holders of one volume at the same time`,
    `embedded      ${embedded ? 'yes: libmoorage.so and libnode ran inside the agent' : 'NO'}${agentStarts > 1 ? `; the agent was started ${agentStarts} times` : ''}`,
    `still mounted ${leaked.length === 0 ? 'nothing' : leaked.join(', ')}`,
    `journal       ${where}`,
    `              replay it: node build/moorage.mjs replay ${where.includes(' ') ? `'${where}'` : where}`,
  ];
  return `\n${lines.join('\n')}\n`;
}
