import { state } from '../state/state.ts';
import { Volume } from '../state/volume.ts';

/** Where the managed mount of a volume lies: rw at `<root>/<driver>/<name>`, ro at `<root>/.ro/<driver>/<name>`. */
export function managedPath(volume: Volume, readonly: bool): string {
  return state.configured().root + (readonly ? '/.ro/' : '/') + volume.key;
}

/** What a path under the managed root stands for. */
export class ManagedTarget {
  constructor(
    public driver: string,
    public name: string,
    public readonly: bool,
  ) {}
}

/** The reverse of {@link managedPath}; null for any other path. */
export function parseManaged(target: string): ManagedTarget | null {
  const prefix = state.configured().root + '/';
  if (!target.startsWith(prefix)) return null;
  const parts = target.substring(prefix.length).split('/');
  if (parts.length == 2 && parts[0] != '.ro') return new ManagedTarget(parts[0], parts[1], false);
  if (parts.length == 3 && parts[0] == '.ro') return new ManagedTarget(parts[1], parts[2], true);
  return null;
}
