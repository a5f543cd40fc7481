import { basename } from 'node:path';
import { isFast } from './fast.mjs';

/** Areas that take long and mount nothing, whoever runs them: the first word of a file's name. */
const calmAreas = ['exhaustive', 'mutants', 'simulate', 'swap'];

/**
 * Splits test files into those that run one after the other, because they mount, kill and count what is there, and those that
 * run one after the other beside them.
 *
 * @param {string[]} files
 * @returns {{ alone: string[], beside: string[] }}
 */
export function splitLanes(files) {
  const isCalm = (/** @type {string} */ file) => {
    const name = basename(file);
    return isFast(name) || calmAreas.includes(/^[a-z]*/.exec(name)?.[0] ?? '');
  };
  return { alone: files.filter((file) => !isCalm(file)), beside: files.filter(isCalm) };
}
