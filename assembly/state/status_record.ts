import { out } from '../wire/writer.ts';
import { state } from './state.ts';
import { Volume } from './volume.ts';

/** The configuration as it was taken last, as frames carry it; nil when there is none. */
export function writeConfig(): void {
  if (state.config) out.raw(state.configBytes);
  else out.nil();
}

/** What is on record of a volume's mounts, by number as the kernel gave it, 0 for none: enough to build a world in which it is true. */
export function writeRecord(volume: Volume): void {
  out.map(10);
  out.text('seq');
  out.number(volume.seq);
  out.text('driver');
  out.text(volume.driver);
  out.text('name');
  out.text(volume.name);
  out.text('rwMountId');
  out.number(volume.rwMountId);
  out.text('roMountId');
  out.number(volume.roMountId);
  out.text('driverMountId');
  out.number(volume.driverMountId);
  out.text('rwFromId');
  out.number(volume.rwFromId);
  out.text('roFromId');
  out.number(volume.roFromId);
  out.text('isSure');
  out.bool(isSure(volume));
  out.text('owedBefore');
  out.bool(volume.owedBefore);
}

/** No doubt is left about its mounts. */
function isSure(volume: Volume): bool {
  if (volume.uncertain || volume.owedStale > 0) return false;
  return volume.suspect == 0 && volume.stacked == 0 && volume.binding == 0;
}
