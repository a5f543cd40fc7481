/**
 * The real host with short segments of its journal, so that they turn over every few tasks. Production has no such door: a host bundle for tests
 * (`moorage-agent --host-bundle`, or MOORAGE_REAL_HOST of dying_host.cjs).
 *
 * MOORAGE_SEGMENT_BYTES  a segment longer than this is followed by another.
 */
'use strict';
const { join } = require('node:path');

const segmentBytes = Number(process.env.MOORAGE_SEGMENT_BYTES);
if (!(segmentBytes > 0)) throw new Error('MOORAGE_SEGMENT_BYTES is not set; it is a number of bytes');
// What the library gives to the host is handed on to its start, which knows other sizes of the journal for tests.
const { embedded } = /** @type {any} */ (process)._linkedBinding('moorage');
embedded.options = { ...embedded.options, journal: { segmentBytes } };

module.exports = require(join(__dirname, '..', '..', 'build', 'host.cjs'));
