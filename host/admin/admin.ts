import type { Directory } from '../directory.ts';
import type { Isolator } from '../isolator.ts';
import type { JournalWriter } from '../journal/journal_writer.ts';
import type { JournalState } from '../journal/restored.ts';
import type { Alerts } from './alerts.ts';
import type { Metrics } from './metrics.ts';
import { metricsRoute } from './metrics_route.ts';
import { operatorRoute } from './operator_route.ts';
import type { Route } from './route.ts';
import { type AdminServer, serveAdmin } from './server.ts';
import { statusRoute } from './status_route.ts';

/** What the admin socket tells of, and acts on. */
export interface AdminParts {
  stateDir: string;
  configFile: string;
  isolator: Isolator;
  journal: JournalWriter;
  journalState: JournalState;
  directory: Directory;
  metrics: Metrics;
  alerts: Alerts;
  /** ISO 8601. */
  startedAt: string;
}

/** Serves `/status`, `/metrics`, `/operator` and these other routes. Rejects with a sentence when there can be no socket. */
export function openAdmin(parts: AdminParts, others: readonly Route[]): Promise<AdminServer> {
  return serveAdmin(parts.stateDir, [
    statusRoute(parts),
    metricsRoute(parts),
    operatorRoute(parts.isolator),
    ...others,
  ]);
}
