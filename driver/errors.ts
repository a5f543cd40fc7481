/** The request is not what the API asks for, whatever the state of the volumes: answered 400 with the sentence as text. */
export class BadRequest extends Error {}

/** Any other failure of a method: answered 500 with the sentence in `Err`. */
export class DriverError extends Error {}

/** The sentence of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a system or native error, e.g. `ENOENT`; empty when it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

/** Whether a part of the driver, or the native code, has put the failure into words. */
export function isExplained(error: unknown): boolean {
  return error instanceof DriverError || (error as { kind?: unknown } | null)?.kind !== undefined;
}

/** A DriverError that tells what was tried, why it failed and, with `next`, what to do. */
export function failed(what: string, error: unknown, next = ''): DriverError {
  const hint = next === '' ? '' : `; ${next}`;
  return new DriverError(`${what}: ${messageOf(error)}${hint}`, { cause: error });
}
