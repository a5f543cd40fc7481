import { Config } from '../events/config.ts';
import { Container } from '../state/container.ts';
import { state } from '../state/state.ts';
import { Volume } from '../state/volume.ts';
import { next } from './next.ts';

function lingerOf(volume: Volume, config: Config): f64 {
  const own = config.volume(volume.key).lingerMs;
  if (own >= 0) return own;
  const drivers = config.driver(volume.driver);
  if (drivers.retiring) return 0;
  return drivers.lingerMs >= 0 ? drivers.lingerMs : config.lingerMs;
}

function dropUser(volume: Volume, id: string): bool {
  const at = volume.users.indexOf(id);
  if (at < 0) return false;
  volume.users.splice(at, 1);
  return true;
}

/** Takes the container's record and its holds away. Volumes that lose their last user are taken down, after their linger where that is due. */
export function release(container: Container, mayLinger: bool): void {
  state.containers.delete(container);
  const config = state.configured();
  for (let i = 0; i < container.requests.length; i++) {
    const volume = state.volume(container.requests[i].key);
    if (!volume || !dropUser(volume, container.id)) continue;
    if (volume.users.length == 0) {
      const linger = mayLinger && volume.managed ? lingerOf(volume, config) : 0;
      volume.lingerAt = 0;
      if (linger > 0) state.lingerVolume(volume, state.now + linger);
    }
    next(volume);
  }
}
