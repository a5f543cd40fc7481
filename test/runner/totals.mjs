/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/** @type {Counts} */
export const noCounts = { passed: 0, failed: 0, skipped: 0 };

/**
 * The totals that uvu prints at the end of a file. Its total leaves out what was skipped.
 *
 * @param {string} output
 * @returns {Counts | undefined} undefined when the file did not come so far
 */
export function readTotals(output) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
  const plain = output.replace(/\u001b\[[0-9;]*m/g, '');
  const blocks = [...plain.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)];
  const last = blocks[blocks.length - 1];
  if (!last) return undefined;
  const [total = 0, passed = 0, skipped = 0] = last.slice(1).map(Number);
  return { passed, failed: total - passed, skipped };
}

/**
 * @param {Counts} a
 * @param {Counts} b
 * @returns {Counts}
 */
export function addUp(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/**
 * The last line of a run. That of the fast tests alone has another form, so that a log with both kinds of run has one line
 * with the counts of all tests.
 *
 * @param {Counts} counts
 * @param {boolean} fast
 */
export function closingLine({ passed, failed, skipped }, fast) {
  if (fast) return `Fast tests: ${passed} of ${passed + failed} passed (${skipped} skipped)`;
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
