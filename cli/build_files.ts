import { fileURLToPath } from 'node:url';

/** The path of a file that was built beside this program: build/<name>. */
export function buildFile(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}
