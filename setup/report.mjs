/**
 * What people see of a set-up, on stderr: one line a step, begun when the step begins and ended with the time it took.
 *
 * @typedef {object} Report
 * @property {(name: string) => void} upToDate
 * @property {(name: string, does: string) => void} begin
 * @property {() => void} end
 * @property {(text: string) => void} note     a line of its own, also in the middle of a step
 * @property {(message: string) => void} failed
 * @property {() => void} finished
 */

/**
 * @param {{ quiet: boolean, write?: (text: string) => void, now?: () => number }} options  `now` in milliseconds
 * @returns {Report}
 */
export function createReport({ quiet, write = writeError, now = () => performance.now() }) {
  const startedAt = now();
  let begunAt = 0;
  let open = false;
  let worked = false;
  const closeLine = () => {
    if (open) write('\n');
    open = false;
  };
  return {
    upToDate(name) {
      if (!quiet) write(`setup: ${name}: nothing to do\n`);
    },
    begin(name, does) {
      write(`setup: ${name}: ${does} …`);
      begunAt = now();
      open = true;
      worked = true;
    },
    end() {
      const took = `${seconds(now() - begunAt)}\n`;
      write(open ? ` ${took}` : `setup: … ${took}`);
      open = false;
    },
    note(text) {
      closeLine();
      write(`setup: ${text}\n`);
    },
    failed(message) {
      closeLine();
      write(`setup: ${message}\n`);
    },
    finished() {
      if (worked || !quiet) write(`setup: ready after ${seconds(now() - startedAt)}\n`);
    },
  };
}

/** @param {string} text */
function writeError(text) {
  process.stderr.write(text);
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
