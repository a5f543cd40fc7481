/**
 * Areas of which all tests run without root and without the native parts: the first word of a file's name. A test file that
 * needs more belongs to another area.
 */
const fastAreas = ['decide', 'host', 'policy', 'runner', 'setup', 'sources'];

/** @param {string} name  of a test file, e.g. `policy-labels.test.mjs` */
export function isFast(name) {
  return fastAreas.includes(/^[a-z]*/.exec(name)?.[0] ?? '');
}
