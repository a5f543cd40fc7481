import type { Isolator } from '../isolator.ts';
import { json, type Route, type RouteAnswer, refusal } from './route.ts';

/** The HTTP status of a refusal by its code; what is not here was refused by the policy for a reason of its own. */
const STATUSES: Record<string, number> = {
  'bad-frame': 400,
  'no-such-volume': 404,
  conflict: 409,
  'policy-failed': 500,
};
const FIELDS = ['verb', 'driver', 'name'];
const FORM = 'send {"verb": "retry", "driver": "DRIVER", "name": "VOLUME"}';

/** `POST /operator`: what a person decides, as a journaled event; the policy checks it. */
export function operatorRoute(isolator: Isolator): Route {
  return {
    method: 'POST',
    path: '/operator',
    async handle({ body }) {
      const event = eventOf(body);
      if (typeof event === 'string') return refusal(400, 'bad-request', event, FORM);
      const { ok, error } = await isolator.ask({ type: 'operator', ...event });
      return ok || !error ? json({ ok }) : refused(error);
    },
  };
}

function refused({ code, message, hint }: { code: string; message: string; hint: string }): RouteAnswer {
  return refusal(STATUSES[code] ?? 409, code, message, hint);
}

/** What was sent, or what is wrong with it. */
function eventOf(body: Uint8Array): Record<string, string> | string {
  let data: unknown;
  try {
    data = JSON.parse(Buffer.from(body).toString());
  } catch (error) {
    return `the body is not JSON (${(error as Error).message})`;
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return 'the body is no JSON object';
  for (const [name, value] of Object.entries(data)) {
    if (!FIELDS.includes(name)) return `${name}: unknown; known are ${FIELDS.join(', ')}`;
    if (typeof value !== 'string') return `${name}: must be a text`;
  }
  return 'verb' in data ? (data as Record<string, string>) : 'verb: is missing';
}
