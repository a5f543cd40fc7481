import { readFileSync } from 'node:fs';

/** The text of os-release(5), empty when there is none. */
export function readOsRelease() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

/**
 * The fields of os-release(5).
 *
 * @param {string} text
 * @returns {Map<string, string>}
 */
export function parseOsRelease(text) {
  const fields = new Map();
  for (const line of text.split('\n')) {
    const match = /^([A-Z_0-9]+)=(.*)$/.exec(line.trim());
    if (match) fields.set(match[1], (match[2] ?? '').replace(/^(["'])(.*)\1$/, '$2'));
  }
  return fields;
}
