import { state } from '../state/state.ts';

/** What a path under the managed root stands for. */
export class ManagedTarget {
  constructor(
    public driver: string,
    public name: string,
    public readonly: bool,
  ) {}

  /** The key of its volume. */
  get key(): string {
    return this.driver + '/' + this.name;
  }
}

/** The reverse of {@link Config.managedPrefix}: what a target stands for, or null for any other path. */
export function parseManaged(target: string): ManagedTarget | null {
  const prefix = state.configured().root + '/';
  if (!target.startsWith(prefix)) return null;
  const parts = target.substring(prefix.length).split('/');
  if (parts.length == 2 && parts[0] != '.ro') return new ManagedTarget(parts[0], parts[1], false);
  if (parts.length == 3 && parts[0] == '.ro') return new ManagedTarget(parts[1], parts[2], true);
  return null;
}
