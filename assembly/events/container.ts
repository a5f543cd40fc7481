import { INTEGER_MAX } from '../limits.ts';
import { NO_TEXTS } from '../text.ts';
import { Reader } from '../wire/reader.ts';
import { Mount, readMounts } from './mount.ts';

/** A DOCKER_VOLUME of the container's own description. */
export class VolumeInfo {
  driver: string = '';
  name: string = '';
  /** Flat: key, value, key, value. */
  options: string[] = NO_TEXTS;
  containerPath: string = '';
  readonly: bool = false;
}

/** One Mesos resource: a SET has `items`, a scalar none. */
export class ResourceInfo {
  constructor(
    public name: string,
    public items: string[],
  ) {}
}

/** What the agent says about a container, in `prepare` and in `recover`. */
export class ContainerInfo {
  id: string = '';
  /** Flat pairs, in the order given; a key may repeat. */
  labels: string[] = NO_TEXTS;
  env: string[] = NO_TEXTS;
  volumes: VolumeInfo[] = [];
  resources: ResourceInfo[] = [];
  sandbox: string = '';
  /** Empty: the container shares the agent's root file system. */
  rootfs: string = '';
  user: string = '';
  pid: f64 = 0;
  /** Only in `recover`: the mount table of the container's own process. */
  mounts: Mount[] = [];
}

function readVolumes(r: Reader): VolumeInfo[] {
  const field = 'container.volumes';
  const list: VolumeInfo[] = [];
  const count = r.optionalArray(field);
  for (let i = 0; i < count && r.record(field, 5); i++) {
    const volume = new VolumeInfo();
    volume.driver = r.optionalText('container.volumes.driver');
    volume.name = r.text('container.volumes.name');
    volume.options = r.pairs('container.volumes.options');
    volume.containerPath = r.optionalText('container.volumes.containerPath');
    volume.readonly = r.nil() ? false : r.bool('container.volumes.readonly');
    list.push(volume);
  }
  return list;
}

function isArrayNext(lead: u32): bool {
  return (lead >= 0x90 && lead <= 0x9f) || lead == 0xdc || lead == 0xdd;
}

/** Pairs of name and value: a SET is a list of texts, anything else is a scalar and only its name counts here. */
export function readResources(r: Reader): ResourceInfo[] {
  const field = 'container.resources';
  const list: ResourceInfo[] = [];
  const count = r.optionalArray(field);
  for (let i = 0; i < count && r.record(field, 2); i++) {
    const name = r.text(field);
    if (isArrayNext(r.peek())) list.push(new ResourceInfo(name, r.texts(field)));
    else {
      r.skip(field);
      list.push(new ResourceInfo(name, []));
    }
  }
  return list;
}

/** The container of a `prepare`. */
export function readContainer(r: Reader): ContainerInfo {
  const info = new ContainerInfo();
  if (!r.record('container', 8)) return info;
  readShared(r, info);
  info.resources = readResources(r);
  info.sandbox = r.text('container.sandbox');
  info.rootfs = r.optionalText('container.rootfs');
  info.user = r.optionalText('container.user');
  return info;
}

/** One of the containers of a `recover`. */
export function readRecovered(r: Reader): ContainerInfo {
  const info = new ContainerInfo();
  if (!r.record('containers', 8)) return info;
  readShared(r, info);
  info.sandbox = r.optionalText('containers.sandbox');
  info.rootfs = r.optionalText('containers.rootfs');
  info.pid = r.nil() ? 0 : r.integer('containers.pid', 0, INTEGER_MAX);
  info.mounts = readMounts(r, 'containers.mounts');
  return info;
}

function readShared(r: Reader, info: ContainerInfo): void {
  info.id = r.text('container.id');
  if (!r.failed && info.id.length == 0) r.fail('container.id', 'must not be empty');
  info.labels = r.pairs('container.labels');
  info.env = r.pairs('container.env');
  info.volumes = readVolumes(r);
}
