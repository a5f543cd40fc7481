/** One thing that the admin socket serves. */
export interface Route {
  method: 'GET' | 'POST';
  /** e.g. `/status`. */
  path: string;
  /** What a rejected promise says goes out as status 500. */
  handle(request: RouteRequest): Promise<RouteAnswer>;
}

export interface RouteRequest {
  query: URLSearchParams;
  body: Uint8Array;
}

export interface RouteAnswer {
  /** 200, or 4xx with a JSON body `{error: {code, message, hint}}`. */
  status: number;
  /** Media type. */
  type: string;
  /** What comes in pieces is sent in pieces: other work of the host gets its turn in between. */
  body: string | Uint8Array | AsyncIterable<string>;
}

/** An answer as JSON. */
export function json(value: unknown, status = 200): RouteAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** A refusal as JSON: what is wrong, and what to do. */
export function refusal(status: number, code: string, message: string, hint: string): RouteAnswer {
  return json({ error: { code, message, hint } }, status);
}
