import { readdirSync } from 'node:fs';
import type { PluginPlaces } from './plugin_places.ts';

/** So many names are told: they go into one event. */
const NAMES_MAX = 64;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;

/** The names of the plugins that make themselves known on this machine, sorted; whether they serve volumes only they can say. */
export function seenDrivers({ sockets, specs }: PluginPlaces): string[] {
  const names = [
    ...namesIn(sockets, ['.sock']),
    ...specs.flatMap((directory) => namesIn(directory, ['.spec', '.json'])),
  ];
  return [...new Set(names)].sort().slice(0, NAMES_MAX);
}

/** `NAME.ending`, and `NAME/NAME.ending`. */
function namesIn(directory: string, endings: readonly string[]): string[] {
  return entriesOf(directory).flatMap((entry) => {
    const inside = entriesOf(`${directory}/${entry}`).filter((file) =>
      endings.some((ending) => file === entry + ending),
    );
    return [entry, ...inside].flatMap((file) => nameOf(file, endings) ?? []);
  });
}

function nameOf(file: string, endings: readonly string[]): string | undefined {
  const ending = endings.find((one) => file.endsWith(one));
  const name = ending === undefined ? '' : file.slice(0, -ending.length);
  return NAME.test(name) ? name : undefined;
}

/** None of a directory that is not there, or is none. */
function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
