import type { Explained, Finding } from './findings.ts';
import type { AuditResult } from './run_audit.ts';

/** For a person: the verdict, then each finding with its cause and what to do, then what is explained. */
export function auditText(result: AuditResult): string {
  const { findings, explained } = result;
  const mounts = explained.filter(({ is }) => is !== 'root');
  return [
    verdict(result, mounts.length),
    ...findings.map(findingText),
    ...(mounts.length > 0 ? ['explained', ...mounts.map(mountText)] : []),
    journalText(result),
    '',
  ].join('\n');
}

function verdict({ clean, findings, agent }: AuditResult, mounts: number): string {
  const runs = agent.running ? `agent runs (pid ${agent.pid})` : 'no agent runs';
  const worst = findings.filter((finding) => finding.worst).length;
  const counts = (['missing', 'leak', 'pinned', 'silent', 'foreign'] as const)
    .map((kind) => [findings.filter((finding) => finding.kind === kind).length, kind] as const)
    .filter(([count]) => count > 0)
    .map(([count, kind]) => `${count} ${kind}`);
  const rest = counts.length > 0 ? `: ${counts.join(', ')}` : '';
  if (clean)
    return `CLEAN: ${mounts === 1 ? '1 mount is' : `${mounts} mounts are`} explained${counts.length > 0 ? `; also${rest.slice(1)}` : ''}; ${runs}`;
  const alarm =
    worst > 0
      ? `; ${worst === 1 ? 'a container lives' : `${worst} times a container lives`} without its volume`
      : '';
  return `NOT CLEAN${rest}${alarm}; ${runs}`;
}

function findingText({ kind, worst, what, because, next }: Finding): string {
  const head = worst ? `${kind.toUpperCase()}, IN USE` : kind.toUpperCase();
  return [`${head}  ${what}`, `  why   ${because}`, `  next  ${next}`].join('\n');
}

function mountText({ target, volume, mode, because }: Explained): string {
  return `  ${volume} ${mode.padEnd(6)} ${target}\n    ${because}`;
}

function journalText({ journal: { directory, events, from } }: AuditResult): string {
  if (events === 0) return `journal  ${directory}: no events yet`;
  return `journal  ${directory}: ${events} events${from > 1 ? `, of which those before ${from} are only known by a snapshot` : ''}`;
}
