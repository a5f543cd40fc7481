import { DriverError } from './errors.ts';
import { blockBytes, sizeBytesMax, sizeBytesMin } from './limits.ts';

const sizePattern = /^([0-9]{1,15})(?:([kmgt])(?:i?b)?)?$/i;
const unitBytes: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/**
 * Reads a size such as `64m`, `2g` or `5`; a number alone is GiB, as REX-Ray has it. All units are powers of 1024.
 * Returns bytes, rounded up to whole blocks. `field` names the place in the error.
 */
export function parseSize(text: string, field: string): number {
  const match = sizePattern.exec(text);
  if (match === null) {
    throw new DriverError(`${field}: ${JSON.stringify(text)} is not a size; write e.g. 64m, 2g or 5 (GiB)`);
  }
  const unit = unitBytes[(match[2] ?? 'g').toLowerCase()] as number;
  const sizeBytes = Math.ceil((Number(match[1]) * unit) / blockBytes) * blockBytes;
  if (sizeBytes < sizeBytesMin || sizeBytes > sizeBytesMax) {
    throw new DriverError(
      `${field}: ${text} is outside of ${formatSize(sizeBytesMin)} to ${formatSize(sizeBytesMax)}`,
    );
  }
  return sizeBytes;
}

/** The largest unit that shows the size as a whole number, e.g. `64m`; bytes as `12345 bytes`. */
export function formatSize(sizeBytes: number): string {
  for (const unit of ['t', 'g', 'm', 'k']) {
    const bytes = unitBytes[unit] as number;
    if (sizeBytes >= bytes && sizeBytes % bytes === 0) return `${sizeBytes / bytes}${unit}`;
  }
  return `${sizeBytes} bytes`;
}
