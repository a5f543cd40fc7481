/**
 * The real host with a door for tests: it dies when it is told to. Production has no such door; this file is a host bundle of its own
 * (`moorage-agent --host-bundle test/hosts/dying_host.cjs`, `moorage_options.hostBundle`), which loads the real one.
 *
 * MOORAGE_DYING_FILE  path of the order. When the file appears (write it aside and rename it), its first word is carried out, and the file
 *                     removed before that: one order, one death, whichever host runs at that time. What follows the word is its argument.
 *                     As long as FILE.down is there, no host comes up.
 * MOORAGE_REAL_HOST   path of host.cjs; default: build/host.cjs of this tree.
 *
 * Give the variables to the agent at its start. The orders stand below, in `orders`.
 */
'use strict';
const { existsSync, readFileSync, unlinkSync } = require('node:fs');
const { join } = require('node:path');

const LOOK_MS = 5;

/**
 * Each takes the argument of its order.
 *
 * @type {Record<string, (argument?: string) => void>}
 */
const orders = {
  /** Nobody catches it. */
  throw(text = 'the test throws') {
    throw new Error(text);
  },
  reject() {
    Promise.reject(new Error('the test rejects'));
  },
  exit(code = '3') {
    process.exit(Number(code));
  },
  /** Never ends, in a timer: no guard of the policy's is around it. */
  loop() {
    for (;;);
  },
  microtasks() {
    /** @returns {Promise<void>} */
    const again = () => Promise.resolve().then(again);
    again();
  },
  /** Fills the heap, bit by bit. */
  heap() {
    const kept = [];
    for (;;) kept.push(new Array(1000).fill(kept.length));
  },
  /** Asks for more than the heap can ever be, at once. One allocation, whatever its size, V8 always grants. */
  huge(elements = String(2 ** 25 - 1)) {
    // Without a call or a turn of a loop between them, where V8 would see that it shall end.
    const size = Number(elements);
    [new Array(size), new Array(size), new Array(size), new Array(size)].flat();
  },
  /** As `huge`, with one call to a driver under way and one that waits for it. */
  queued(socket = '') {
    const { post } = /** @type {any} */ (process)._linkedBinding('moorage');
    const call = {
      lane: 'queued',
      maxInFlight: 1,
      address: `unix://${decodeURI(socket)}`,
      body: '{}',
      deadlineMs: 4000,
    };
    for (const path of ['/first', '/second']) post({ ...call, path, maxResponseBytes: 1000 });
    // The first one is to be sent before.
    setTimeout(() => orders.huge?.(), 500);
  },
  /** Does not kill a host: a stack of its own has an end. */
  recursion() {
    /** @type {(depth: number) => number} */
    const deeper = (depth) => 1 + deeper(depth + 1);
    try {
      deeper(0);
    } catch (error) {
      process.stdout.write(`recursion ended with ${/** @type {Error} */ (error).name}\n`);
    }
  },
  /** Does not kill a host either: what it watches must stay the agent's. */
  signals() {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGCHLD', 'SIGPIPE']) {
      process.on(signal, () => process.stdout.write(`the host got ${signal}\n`));
    }
    process.stdout.write('signals are watched\n');
  },
  /** Nothing for so long, then on. */
  pause(ms = '1000') {
    const end = performance.now() + Number(ms);
    while (performance.now() < end);
  },
};

/**
 * The order that lies there, taken away.
 *
 * @param {string} file
 */
function takeOrder(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
    unlinkSync(file);
  } catch {
    return undefined;
  }
  return text.trim().split(' ');
}

const { MOORAGE_DYING_FILE, MOORAGE_REAL_HOST } = process.env;
if (!MOORAGE_DYING_FILE) throw new Error('MOORAGE_DYING_FILE is not set; it names the file of the orders');
if (existsSync(`${MOORAGE_DYING_FILE}.down`)) throw new Error('the test keeps the host down');
setInterval(() => {
  const [name, argument] = takeOrder(MOORAGE_DYING_FILE) ?? [];
  if (name === undefined) return;
  const order = orders[name];
  if (!order) throw new Error(`unknown order ${name}; known are ${Object.keys(orders).join(', ')}`);
  order(argument);
}, LOOK_MS).unref();

module.exports = require(MOORAGE_REAL_HOST ?? join(__dirname, '..', '..', 'build', 'host.cjs'));
