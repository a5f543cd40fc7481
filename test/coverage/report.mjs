/** @import { Point } from './instrument.mjs' */

/**
 * @param {Point[]} points
 * @param {ArrayLike<number>} hits  how often each was reached
 * @returns {string} a table, and what was not reached
 */
export function report(points, hits) {
  const files = [...new Set(points.map(({ file }) => file))].sort();
  const width = Math.max(...files.map((file) => file.length));
  const rows = [...files, ''].map((file) => row(file, points, hits, width));
  const head = `${'file'.padEnd(width)}           lines         branches`;
  return [head, ...rows, ...missing(points, hits)].join('\n');
}

/**
 * Lines are those on which a statement begins; reached when all of these were.
 *
 * @param {Point[]} points @param {ArrayLike<number>} hits @param {string} file  '' for all
 */
export function totals(points, hits, file) {
  const lines = new Map();
  const branches = { of: 0, reached: 0 };
  points.forEach((point, i) => {
    if (file !== '' && point.file !== file) return;
    const reached = (hits[i] ?? 0) > 0;
    if (point.kind === 'statement') {
      const key = `${point.file}:${point.line}`;
      lines.set(key, reached && (lines.get(key) ?? true));
    } else {
      branches.of += 1;
      if (reached) branches.reached += 1;
    }
  });
  return { lines: { of: lines.size, reached: [...lines.values()].filter(Boolean).length }, branches };
}

/** @param {string} file @param {Point[]} points @param {ArrayLike<number>} hits @param {number} width */
function row(file, points, hits, width) {
  const { lines, branches } = totals(points, hits, file);
  return `${(file || 'all').padEnd(width)} ${share(lines)} ${share(branches)}`;
}

/** @param {{ of: number, reached: number }} part */
function share({ of, reached }) {
  const percent = of === 0 ? 100 : (reached / of) * 100;
  return `${percent.toFixed(1).padStart(6)} % ${`${reached}/${of}`.padStart(9)}`;
}

/** @param {Point[]} points @param {ArrayLike<number>} hits */
function missing(points, hits) {
  const left = points.filter((_, i) => (hits[i] ?? 0) === 0);
  if (left.length === 0) return [];
  return [
    '',
    'not reached:',
    ...left.map(({ file, line, kind, what }) => `  ${file}:${line} ${kind} ${what}`),
  ];
}
