import { INTEGER_MAX } from '../limits.ts';
import { Reader } from '../wire/reader.ts';

/** A line of a mount table. */
export class Mount {
  target: string = '';
  mountId: f64 = 0;
  source: string = '';
  fstype: string = '';
  /** The directory of the file system that the mount shows. */
  root: string = '';
  /** `major:minor`. */
  dev: string = '';
}

export function readMounts(r: Reader, field: string): Mount[] {
  const list: Mount[] = [];
  const count = r.optionalArray(field);
  for (let i = 0; i < count && r.record(field, 6); i++) {
    const mount = new Mount();
    mount.target = r.text(field);
    mount.mountId = r.integer(field, 0, INTEGER_MAX);
    mount.source = r.optionalText(field);
    mount.fstype = r.optionalText(field);
    mount.root = r.optionalText(field);
    mount.dev = r.optionalText(field);
    list.push(mount);
  }
  return list;
}
