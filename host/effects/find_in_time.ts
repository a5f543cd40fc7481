import type { NativeError } from '../binding.ts';
import { type DriverAddress, findDriver } from './find_driver.ts';
import type { PluginPlaces } from './plugin_places.ts';

/** Looks that have not ended, by the name of the driver. */
const underWay = new WeakMap<PluginPlaces, Map<string, Promise<DriverAddress>>>();

/**
 * As {@link findDriver}, for so long. Plugin files and certificates may lie on a file system that hangs, and each look at one holds a thread that the journal
 * needs too: so all calls of a driver wait for one look. Throws a {@link NativeError} of kind `unreachable`: nothing was sent.
 */
export async function findInTime(
  name: string,
  places: PluginPlaces,
  deadlineMs: number,
): Promise<DriverAddress> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `driver ${name}: its plugin file, or a certificate that is named in it, was not read in ${deadlineMs} ms; see whether the file system it lies on hangs`;
    const error: NativeError = Object.assign(new Error(message), {
      code: 'plugin-file-hangs',
      kind: 'unreachable' as const,
    });
    timer = setTimeout(() => reject(error), deadlineMs);
  });
  try {
    return await Promise.race([look(name, places), late]);
  } finally {
    clearTimeout(timer);
  }
}

function look(name: string, places: PluginPlaces): Promise<DriverAddress> {
  const looks = underWay.get(places) ?? new Map<string, Promise<DriverAddress>>();
  underWay.set(places, looks);
  const present = looks.get(name);
  if (present) return present;
  const begun = findDriver(name, places).finally(() => looks.delete(name));
  looks.set(name, begun);
  return begun;
}
