import { DriverError } from './errors.ts';
import { idBytesMax, nameBytesMax } from './limits.ts';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be in an id
const controlCharacters = /[\u0000-\u001f\u007f]/;

/** Whether `text` is a volume name by Docker's rule that also fits a file name. */
export function isVolumeName(text: string): boolean {
  return namePattern.test(text) && text.length <= nameBytesMax;
}

/** Refuses a name that Docker would refuse. Since it cannot hold `/` or begin with a dot, it is safe as a file name. */
export function checkVolumeName(name: string): void {
  if (isVolumeName(name)) return;
  if (name === '') throw new DriverError('Name: is empty; name the volume');
  if (name.length > nameBytesMax) {
    throw new DriverError(`Name: has ${name.length} characters, at most ${nameBytesMax} are possible`);
  }
  const shown = JSON.stringify(name);
  throw new DriverError(`Name: ${shown} must be a letter or digit, then letters, digits, "_", "." or "-"`);
}

/** Refuses an id that could not be kept in the state file and shown on a terminal. */
export function checkId(id: string): void {
  if (id === '') throw new DriverError('ID: is empty; give the id of who uses the volume');
  const bytes = Buffer.byteLength(id);
  if (bytes > idBytesMax) throw new DriverError(`ID: has ${bytes} bytes, at most ${idBytesMax} are possible`);
  if (controlCharacters.test(id)) throw new DriverError(`ID: ${JSON.stringify(id)} has control characters`);
}
