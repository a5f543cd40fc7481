/**
 * Where the last failed assertion happened, for the host to read after the trap: pointers to the two strings
 * (UTF-16, length in bytes at pointer - 4), line and column.
 */
export let abortMessage: usize = 0;
export let abortFile: usize = 0;
export let abortLine: u32 = 0;
export let abortColumn: u32 = 0;

/** Takes the place of the imported `abort`, so that the module needs nothing from outside. Always traps. */
export function policyAbort(message: usize, file: usize, line: u32, column: u32): void {
  abortMessage = message;
  abortFile = file;
  abortLine = line;
  abortColumn = column;
  unreachable();
}
