import { emitOk } from '../effects/emit.ts';
import { DESTROYED } from '../errors.ts';
import { GONE, PREPARING } from '../state/container.ts';
import { state } from '../state/state.ts';
import { next } from './next.ts';
import { failPrepare } from './prepare.ts';
import { release } from './release.ts';

/** The container is being killed: what it still waits for is answered now, what it holds stays until its cleanup. */
export function destroy(call: f64, id: string): void {
  const container = state.container(id);
  if (container && container.phase == PREPARING) {
    failPrepare(
      container,
      DESTROYED,
      'container ' + id + ' was destroyed while its volumes were being mounted',
      'nothing to do',
    );
    const gone = state.addContainer(id);
    gone.phase = GONE;
  } else if (container) {
    container.destroyed = true;
  }
  emitOk(call);
}

/** The container is gone. Always answered ok, at once; the unmount follows on its own. */
export function cleanup(call: f64, id: string): void {
  const container = state.container(id);
  const waiting = container !== null && container.phase == PREPARING;
  if (container && waiting) {
    failPrepare(
      container,
      DESTROYED,
      'container ' + id + ' was cleaned up while its volumes were being mounted',
      'nothing to do',
    );
  }
  emitOk(call);
  if (container && !waiting) release(container, true);
  leaveQuarantine(id);
}

/** When the last container of the recovery is gone, what nobody claims may go too. */
function leaveQuarantine(id: string): void {
  const at = state.quarantine.indexOf(id);
  if (at < 0) return;
  state.quarantine.splice(at, 1);
  if (state.quarantine.length > 0) return;
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) next(volumes[i]);
}
