#pragma once

namespace moorage {

/**
 * The first script of the environment: takes away what would reach into the program that we live in, then loads the bundle.
 * A stream of process is never opened (libuv would make the program's own pipes non-blocking), and a signal is never watched.
 */
inline constexpr const char* mainScript = R"JS(
'use strict';
const { embedded, hostBundle, hostSource } = process._linkedBinding('moorage');

function describe(error) {
  return error instanceof Error && error.stack ? error.stack : String(error);
}

function end(error) {
  const text = describe(error);
  embedded.log('error', 'the host ends: ' + text);
  embedded.ending(text.split('\n')[0]);
  process.exit(7);
}

function lineSink(level) {
  const { Writable } = require('stream');
  let rest = '';
  return new Writable({
    decodeStrings: false,
    write(chunk, encoding, done) {
      const lines = (rest + (typeof chunk === 'string' ? chunk : chunk.toString('utf8'))).split('\n');
      rest = lines.pop();
      for (const line of lines) embedded.log(level, line);
      done();
    },
  });
}

function replaceStream(name, make) {
  let stream;
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => (stream ??= make()) });
}

/** As `require` would, but of the text that moorage_open read. */
function loadHost() {
  const names = ['exports', 'require', 'module', '__filename', '__dirname'];
  const host = { exports: {} };
  const run = require('vm').compileFunction(hostSource, names, { filename: hostBundle });
  run(host.exports, require('module').createRequire(hostBundle), host, hostBundle, require('path').dirname(hostBundle));
}

process.removeAllListeners('newListener');
process.removeAllListeners('removeListener');
process.setUncaughtExceptionCaptureCallback(end);
replaceStream('stdout', () => lineSink('info'));
replaceStream('stderr', () => lineSink('warn'));
replaceStream('stdin', () => require('stream').Readable.from([]));

globalThis.__moorageEmbedded = true;
try {
  loadHost();
} catch (error) {
  embedded.started('the host bundle ' + hostBundle + ' could not be loaded: ' + describe(error).split('\n')[0]);
  end(error);
}
)JS";

}  // namespace moorage
