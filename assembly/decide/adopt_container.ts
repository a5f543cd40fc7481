import { emitAlert } from '../effects/emit.ts';
import { Refusal } from '../errors.ts';
import { ContainerInfo } from '../events/container.ts';
import { Mount } from '../events/mount.ts';
import { gather } from '../requests/gather.ts';
import { Request } from '../requests/request.ts';
import { Container, READY } from '../state/container.ts';
import { state } from '../state/state.ts';
import { Volume } from '../state/volume.ts';
import { remember, shape } from '../variant.ts';
import { attach } from './prepare.ts';

/** The file systems of a container's own mounts. */
export function devsOf(mounts: Mount[]): string[] {
  const devs: string[] = [];
  for (let i = 0; i < mounts.length; i++) if (devs.indexOf(mounts[i].dev) < 0) devs.push(mounts[i].dev);
  return devs;
}

/** Volumes by their file system, to find those that a container's own mount table shows. */
export function volumesByDev(): Map<string, Volume[]> {
  const byDev = new Map<string, Volume[]>();
  const volumes = state.volumes.values();
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i];
    if (volume.dev.length == 0) continue;
    if (!byDev.has(volume.dev)) byDev.set(volume.dev, []);
    byDev.get(volume.dev).push(volume);
  }
  return byDev;
}

/** A container that the record does not know: its own description says what it holds, and with a lost journal its mounts do too. */
export function adoptContainer(
  info: ContainerInfo,
  nested: bool,
  whole: bool,
  byDev: Map<string, Volume[]>,
): void {
  const gathered = gather(info, state.configured(), nested);
  if (gathered.refusal) {
    emitAlert('warn', 'unreadable-container', (gathered.refusal as Refusal).message, info.id, '');
    gathered.list = [];
  }
  const remark = remember(info);
  shape(gathered.list, remark);
  const devs = devsOf(info.mounts);
  if (!whole) claimByMounts(gathered.list, devs, byDev);
  if (gathered.list.length == 0) return;
  const container = state.addContainer(info.id);
  container.phase = READY;
  container.remark = remark;
  container.requests = gathered.list;
  container.sandbox = info.sandbox;
  container.rootfs = info.rootfs;
  container.pid = info.pid;
  container.placed = true;
  container.ownDevs = devs;
  for (let i = 0; i < gathered.list.length; i++) claim(container, gathered.list[i], whole, info.mounts);
}

/** The file system that a container has mounted at a container path, '' for none. */
function devAt(mounts: Mount[], path: string): string {
  const end = path.startsWith('/') ? path : '/' + path;
  for (let i = 0; i < mounts.length; i++) if (mounts[i].target.endsWith(end)) return mounts[i].dev;
  return '';
}

/** Adds the volumes whose file systems the container has mounted to what it asks for. */
function claimByMounts(list: Request[], devs: string[], byDev: Map<string, Volume[]>): void {
  for (let i = 0; i < devs.length; i++) {
    if (!byDev.has(devs[i])) continue;
    const volumes = byDev.get(devs[i]);
    for (let j = 0; j < volumes.length; j++)
      if (!asksFor(list, volumes[j].key)) list.push(requestFor(volumes[j]));
  }
}

function asksFor(list: Request[], key: string): bool {
  for (let i = 0; i < list.length; i++) if (list[i].key == key) return true;
  return false;
}

function requestFor(volume: Volume): Request {
  const request = new Request();
  request.driver = volume.driver;
  request.name = volume.name;
  request.identify();
  request.origin = 'mount table';
  return request;
}

function claim(container: Container, request: Request, whole: bool, mounts: Mount[]): void {
  const known = state.volume(request.key) !== null;
  attach(container, request);
  const volume = state.volume(request.key) as Volume;
  // What the container itself has mounted there is proof that it still holds it.
  if (volume.dev.length == 0) volume.dev = devAt(mounts, request.path);
  // Others that the lost journal knew may have it as well.
  if (!whole) volume.unclaimed = true;
  if (volume.users.length == 1 && volume.options.length == 0) volume.options = request.options;
  if (!known) {
    volume.owedMax = 1;
    volume.forgetCertainty();
  }
}
