import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Mount points below `directory`, deepest first, as /proc/self/mountinfo has them (proc_pid_mountinfo(5)). */
export function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescapeOctal(line.split(' ')[4] ?? ''))
    .filter((target) => target === directory || target.startsWith(`${directory}/`))
    .reverse();
}

/** The table writes space, tab, newline and backslash as three octal digits. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Loop devices whose image lies below `directory`, with the image. */
export function loopsBelow(directory: string): string[] {
  return readdirSync('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .flatMap((name) => {
      const image = backingFile(name);
      return image?.startsWith(`${directory}/`) ? [`/dev/${name} (${image})`] : [];
    });
}

function backingFile(device: string): string | undefined {
  try {
    return readFileSync(join('/sys/block', device, 'loop/backing_file'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Everything of the kernel's that is left over below `directory`. */
export function leaksBelow(directory: string): string[] {
  return [...mountsBelow(directory).map((target) => `mount ${target}`), ...loopsBelow(directory)];
}
