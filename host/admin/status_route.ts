import type { AdminParts } from './admin.ts';
import { type Named, readList, readOverview } from './policy_status.ts';
import type { Route } from './route.ts';

/**
 * `GET /status`: one JSON object, for `moorage status` and other tools. What is in `overview`, `volumes` and `containers` comes from the policy, in
 * its words; a policy older than ABI 3 says nothing, then `overview` is null. Times named `…At` in there are the policy's, as `at` is.
 */
export function statusRoute(parts: AdminParts): Route {
  return {
    method: 'GET',
    path: '/status',
    async handle() {
      const head = headOf(parts);
      return { status: 200, type: 'application/json', body: pieces(parts, head) };
    },
  };
}

function headOf(parts: AdminParts): Named {
  const { isolator, journal, alerts } = parts;
  const { lag, ...report } = isolator.report();
  const policy = isolator.read(({ name, version, digest, abi }) => ({ name, version, digest, abi }));
  return {
    wall: new Date().toISOString(),
    ...report,
    host: { pid: process.pid, startedAt: parts.startedAt, node: process.version },
    stateDir: parts.stateDir,
    config: parts.configFile,
    policy,
    follower: lag === undefined ? null : { lag },
    journal: {
      state: parts.journalState,
      file: journal.file(),
      full: journal.full() ?? null,
      ...journal.counts(),
    },
    alerts: alerts.list(),
    overview: readOverview(isolator) ?? null,
  };
}

async function* pieces(parts: AdminParts, head: Named): AsyncGenerator<string, void, undefined> {
  yield JSON.stringify(head).slice(0, -1);
  yield* list(parts, 'volumes', (volume) => volume);
  const { containers } = parts.directory;
  yield* list(parts, 'containers', (container) => {
    const since = containers.get(String(container.id))?.since;
    return { ...container, since: since ? new Date(since).toISOString() : null };
  });
  yield '}\n';
}

async function* list(
  { isolator }: AdminParts,
  which: 'volumes' | 'containers',
  told: (entry: Named) => Named,
): AsyncGenerator<string, void, undefined> {
  let before = `,"${which}":[`;
  for await (const entries of readList(isolator, which)) {
    if (entries.length === 0) continue;
    yield before + entries.map((entry) => JSON.stringify(told(entry))).join(',');
    before = ',';
  }
  yield before === ',' ? ']' : `${before}]`;
}
