import { emitOk } from '../effects/emit.ts';
import { DESTROYED } from '../errors.ts';
import { Container, GONE, PREPARING } from '../state/container.ts';
import { state } from '../state/state.ts';
import { next } from './next.ts';
import { giveUp } from './prepare.ts';
import { release } from './release.ts';

/** The container is being killed: what is still asked for it is answered now, what it holds stays until its cleanup. */
export function destroy(call: f64, id: string): void {
  const container = state.container(id);
  if (container && container.phase == PREPARING) {
    answerOpen(container, 'destroyed');
    const gone = state.addContainer(id);
    gone.phase = GONE;
  } else if (container) {
    answerOpen(container, 'destroyed');
    container.destroyed = true;
  }
  emitOk(call);
}

/** The container is gone. Always answered ok, at once; the unmount follows on its own. */
export function cleanup(call: f64, id: string): void {
  const container = state.container(id);
  if (container) answerOpen(container, 'cleaned up');
  emitOk(call);
  const held = state.container(id);
  if (held) release(held, true);
  leaveQuarantine(id);
}

/** Prepares that still wait come to nothing; a container that only waited is off the record then. */
function answerOpen(container: Container, what: string): void {
  const message = 'container ' + container.id + ' was ' + what + ' while its volumes were being mounted';
  giveUp(container, DESTROYED, message, 'nothing to do');
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
