import { prepareEvent, RECOVER } from '../world.ts';

type Fields = Record<string, unknown>;

const MOUNT = {
  target: '/m/ebs/ready',
  mountId: 50,
  source: '/dev/loop1',
  fstype: 'ext4',
  root: '/',
  dev: '7:1',
};
const CONTAINER = {
  id: 'c-ready',
  labels: [['volume', 'ready:data']],
  env: [],
  volumes: [],
  sandbox: '/s/c-ready',
  rootfs: '/images/1',
  pid: 9,
  mounts: [{ ...MOUNT, target: '/s/c-ready/data' }],
};

/** At least one good event of each type, with every source of requests and every field in use. */
export function plainEvents(config: Fields): Fields[] {
  const callers: Fields[] = [
    { type: 'configure', config },
    { ...RECOVER, journal: 'whole', containers: [CONTAINER], orphans: ['c-lost'], mounts: [MOUNT] },
    { ...RECOVER, journal: 'damaged', bootId: 'boot-2', mounts: [MOUNT], last: false },
    { ...RECOVER, containers: [CONTAINER], part: 1 },
    prepareEvent('c1', { volume: 'ready:data:ro' }),
    prepareEvent('c1.nested', {
      'volume.a': 'source=new,target=/mnt/x,readonly=false,volume-driver=ebs,volume-opt=size=5,create',
      'volume.b': 'offered:b',
    }),
    prepareEvent('c2', {}, { env: variables, volumes: [dockerVolume], resources, rootfs: '/i', user: 'ann' }),
    { type: 'isolate', id: 'c-ready', pid: 4711 },
    { type: 'update', id: 'c-ready', resources },
    { type: 'destroy', id: 'up0' },
    { type: 'cleanup', id: 'c-ready' },
    ...['retry', 'hold', 'release', 'forget'].map((verb) => ({
      type: 'operator',
      verb,
      driver: 'ebs',
      name: 'ready',
    })),
    { type: 'operator', verb: 'drain' },
    { type: 'nonsense' },
  ];
  const told: Fields[] = [
    { type: 'restart', bootId: 'boot-1', mounts: [MOUNT] },
    { type: 'done', effect: 99, ok: true, value: observation },
    { type: 'done', effect: 98, ok: false, error: { code: 'E', message: 'no', kind: 'failed' } },
    { type: 'lost', target: '/m/ebs/ready' },
    { type: 'swap', digest: 'abc' },
    { type: 'tick' },
  ];
  return [
    ...callers.map((event, index) => ({ at: 40, call: 1000 + index, ...event })),
    ...told.map((event) => ({ at: 41, ...event })),
  ];
}

const resources = { ebsvolumes: ['offered', 'ready'], cpus: 0.5 };
const dockerVolume = {
  driver: 'nfs',
  name: 'n1',
  options: { size: '5' },
  containerPath: 'n',
  readonly: true,
};
const variables = [
  ['DVDI_VOLUME_NAME1', 'ready'],
  ['DVDI_VOLUME_DRIVER1', 'ebs'],
  ['DVDI_VOLUME_OPTS1', 'size=5'],
  ['DVDI_VOLUME_CONTAINERPATH1', '/data/e'],
  ['DVDI_VOLUME_EXPLICITCREATE1', '1'],
];
const observation = {
  managed: [{ mode: 'rw', mountId: 50 }],
  driver: { answered: true, exists: true, path: '/d/ebs/ready', pathMountId: 49 },
  pinnedBy: [{ pid: 9, container: 'c-ready', since: [1, { boot: 2 }] }],
  news: { of: [1, { later: ['version', null] }] },
};
