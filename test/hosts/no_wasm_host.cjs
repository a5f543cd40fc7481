/** The real host in a JavaScript without WebAssembly, as --jitless makes it: a host bundle for tests (`moorage-agent --host-bundle`). */
'use strict';
const { join } = require('node:path');

Reflect.deleteProperty(globalThis, 'WebAssembly');

module.exports = require(join(__dirname, '..', '..', 'build', 'host.cjs'));
