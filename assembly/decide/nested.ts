import { state } from '../state/state.ts';

/**
 * True for a container inside of another one, `parent.child`, whose parent has volumes, or is in `named`. What it is given as labels are those of
 * its parent's executor: the parent holds what they ask for.
 */
export function isNested(id: string, named: Set<string> | null): bool {
  for (let i = id.length - 1; i > 0; i--) {
    if (id.charCodeAt(i) != 46) continue;
    const parent = id.substring(0, i);
    if (state.container(parent) || (named !== null && named.has(parent))) return true;
  }
  return false;
}
