/** What `GET /status` answers. A later policy may say more than this. */
export interface StatusReport {
  /** Now, ISO 8601, and the policy's time, milliseconds: times named `…At` count like the latter. */
  wall: string;
  at: number;
  recovered: boolean;
  waiting: number;
  inFlight: number;
  host: { pid: number; startedAt: string; node: string };
  stateDir: string;
  config: string;
  policy: { name: string; version: string; digest: string; abi: number };
  follower: { lag: number } | null;
  journal: {
    state: string;
    file: string;
    full: string | null;
    events: number;
    syncs: number;
    snapshots: number;
  };
  alerts: ReportedAlert[];
  /** Null when the policy is older than the question. */
  overview: Overview | null;
  volumes: ReportedVolume[];
  containers: ReportedContainer[];
}

export interface ReportedAlert {
  level: 'info' | 'warn' | 'error';
  code: string;
  message: string;
  container?: string;
  volume?: string;
  first: string;
  last: string;
  count: number;
}

export interface Overview {
  agentId: string;
  root: string;
  draining: boolean;
  quarantine: string[];
  drivers: { name: string; sharing: string; readonly: boolean; create: boolean; lingerMs: number }[];
}

type Answer = 'yes' | 'no' | 'unknown';

export interface ReportedVolume {
  driver: string;
  name: string;
  /** The policy's word for it: mounting, mounted, lingering, unmounting, uncertain, failed, retiring, held, lost, unclaimed. */
  state: string;
  exists: Answer;
  mounted: Answer;
  rw: Answer;
  ro: Answer;
  owed: [number, number];
  /** The effect in flight. */
  doing: string | null;
  effect: number;
  attempts: number;
  retryAt: number;
  settleAt: number;
  vanishAt: number;
  lingerAt: number;
  errorCode: string | null;
  error: string | null;
  held: boolean;
  unclaimed: boolean;
  options: string[];
  holders: string[];
  waiters: string[];
  limited: string[];
}

export interface ReportedContainer {
  id: string;
  /** waiting, holding, limited, destroyed. */
  state: string;
  destroyed: boolean;
  since: string | null;
  deadlineAt: number;
  pid: number;
  volumes: { driver: string; name: string; path: string; readonly: boolean; options: string[] }[];
}

export function keyOf({ driver, name }: { driver: string; name: string }): string {
  return `${driver}/${name}`;
}
