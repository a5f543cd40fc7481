import type { PolicyReport, SwapResult } from '../swap/result.ts';
import { json, type Route, type RouteAnswer } from './route.ts';

/** What of the host is asked. */
export interface PolicyHost {
  swap(file: string): Promise<SwapResult>;
  policy(): PolicyReport;
}

/** A path and a little JSON around it. */
const BODY_MAX = 8192;

/** `GET /policy` tells which policy decides; `POST /policy` with `{"file": "/path"}` puts another in its place, and answers how that ended. */
export function policyRoutes(host: PolicyHost): Route[] {
  return [
    { method: 'GET', path: '/policy', handle: async () => json(host.policy()) },
    {
      method: 'POST',
      path: '/policy',
      async handle({ body }) {
        const file = fileIn(body);
        if (file === undefined)
          return refusal(
            400,
            'bad-request',
            'the body names no file',
            'send {"file": "/absolute/path/policy.wasm"}',
          );
        const result = await host.swap(file);
        if (result.ok) return json(result);
        return json(
          { ...result, error: { code: 'swap-refused', message: result.why, hint: hintOf(result.stage) } },
          409,
        );
      },
    },
  ];
}

/** The host has a working directory of its own: a relative path would mean another file to it. */
function fileIn(body: Uint8Array): string | undefined {
  if (body.length > BODY_MAX) return undefined;
  try {
    const { file } = JSON.parse(Buffer.from(body).toString()) as { file?: unknown };
    return typeof file === 'string' && file.startsWith('/') && !file.includes('\0') ? file : undefined;
  } catch {
    return undefined;
  }
}

function hintOf(stage: string): string {
  return `it ended at: ${stage}; the policy of before decides, and nothing was lost; see: moorage policy inspect`;
}

function refusal(status: number, code: string, message: string, hint: string): RouteAnswer {
  return json({ error: { code, message, hint } }, status);
}
