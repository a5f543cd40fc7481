import { CheckError } from '../usage_error.ts';
import { type AdminAnswer, askAdmin } from './client.ts';

/** Like `askAdmin`, for answers in JSON: throws {@link CheckError} with what the isolator said when it refused. */
export async function askJson(
  stateDir: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  const answer = await askAdmin(stateDir, method, path, body && JSON.stringify(body));
  const data = parse(answer, stateDir, path);
  if (answer.status === 200) return data;
  const { message, hint } = (data as { error?: { message?: string; hint?: string } }).error ?? {};
  throw new CheckError([message ?? `${path}: status ${answer.status}`, hint].filter(Boolean).join('; '));
}

function parse({ body, status }: AdminAnswer, stateDir: string, path: string): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new CheckError(
      `${stateDir}/admin.sock: the answer to ${path} (status ${status}) is not whole; ask again, then see the log of the agent`,
    );
  }
}
