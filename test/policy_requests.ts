import { ROOT } from './machine.ts';

type Random = (limit: number) => number;

export const VOLUMES = [
  'ebs/v1',
  'ebs/v2',
  'ebs/v3',
  'nfs/n1',
  'nfs/n2',
  'dir/p1',
  'dir/p2',
  'raw/r1',
  'ebs/gone',
  'raw/r2',
];
const NAMES = VOLUMES.map((volume) => volume.split('/')[1] as string);
const DRIVERS = ['ebs', 'nfs', 'dir', 'raw', 'ebz', 'gluster', ''];
const PATHS = [
  'data',
  '/data/x',
  '/mnt',
  'a/b',
  '/mnt//y/.',
  '../x',
  '/',
  '',
  '/etc',
  'data',
  `p${'q'.repeat(300)}`,
  '/srv/ü😀',
];
const PIECES = [
  ',',
  ':',
  '=',
  'ro',
  'source',
  'readonly',
  'x',
  '😀',
  'ü',
  '\0',
  ' ',
  '..',
  '/',
  'create',
  'volume-opt=size=5',
];

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)] as T;
}

export function randomId(random: Random): string {
  return random(200) === 0 ? 'ü/😀' : `c${random(12)}`;
}

/** Labels, volumes and environment in every form, most of them good. */
export function randomContainer(random: Random): Record<string, unknown> {
  const labels: [string, string][] = [];
  const env: [string, string][] = [];
  const volumes: Record<string, unknown>[] = [];
  for (let i = random(4); i >= 0; i--) {
    const form = random(10);
    if (form < 6)
      labels.push([pick(random, ['volume', 'volume.a', 'volume.b', 'volume.c', 'other']), label(random)]);
    else if (form < 8) env.push(...variables(random));
    else volumes.push(volume(random));
  }
  if (random(6) === 0) labels.push(['volume-driver', pick(random, DRIVERS)]);
  if (random(60) === 0) labels.push(['volume.', 'v1']);
  if (random(300) === 0) for (let i = 0; i < 70; i++) labels.push([`volume.${i}`, `w${i}`]);
  return {
    id: randomId(random),
    labels,
    env,
    volumes,
    resources: randomResources(random),
    sandbox: '/s/x',
    rootfs: random(3) === 0 ? '/images/1' : null,
    user: random(3) === 0 ? 'nobody' : null,
  };
}

function label(random: Random): string {
  const name = pick(random, NAMES);
  const path = pick(random, PATHS);
  const forms = [
    name,
    name,
    `${name}:data${random(4)}`,
    `${name}:data${random(4)}:ro`,
    `${name}:${path}`,
    `${name}:${path}:${pick(random, ['ro', 'rw', 'rx', ''])}`,
    `source=${name},target=d${random(4)}`,
    `src=${name},dst=${path},${pick(random, ['ro', 'readonly=true', 'readonly=0', 'create', 'create=perhaps'])}`,
    `source=${name},volume-driver=${pick(random, DRIVERS)},volume-opt=size=${random(3)},create`,
    `sorce=${name}`,
    `${name}:a:ro:b`,
  ];
  let text = pick(random, forms);
  if (random(12) === 0) {
    const at = random(text.length + 1);
    text = text.slice(0, at) + pick(random, PIECES) + text.slice(at + random(2));
  }
  return random(1500) === 0 ? text + 'x'.repeat(17000) : text;
}

function variables(random: Random): [string, string][] {
  const suffix = pick(random, ['', '1', '22', 'x']);
  const list: [string, string][] = [[`DVDI_VOLUME_NAME${suffix}`, pick(random, NAMES)]];
  if (random(2)) list.push([`DVDI_VOLUME_DRIVER${suffix}`, pick(random, DRIVERS)]);
  if (random(2)) list.push([`DVDI_VOLUME_CONTAINERPATH${suffix}`, pick(random, PATHS)]);
  if (random(4) === 0) list.push([`DVDI_VOLUME_EXPLICITCREATE${suffix}`, '1']);
  if (random(4) === 0)
    list.push([
      `DVDI_VOLUME_OPTS${suffix}`,
      pick(random, ['size=5', 'size=5,iops=1', '=', '', 'a=1,a=2', ' b = 2']),
    ]);
  return list;
}

function volume(random: Random): Record<string, unknown> {
  return {
    driver: pick(random, [...DRIVERS, null]),
    name: pick(random, NAMES),
    options: random(3) === 0 ? { size: '5', [pick(random, ['iops', 'a'])]: '1' } : {},
    containerPath: pick(random, [...PATHS, null]),
    readonly: pick(random, [true, false, null]),
  };
}

export function randomResources(random: Random): [string, unknown][] {
  if (random(3) > 0) return [];
  return [
    ['cpus', 1.5],
    ['ebsvolumes', [pick(random, NAMES), pick(random, NAMES)]],
  ];
}

/** Mostly good configurations: other drivers, limits and times each time. */
export function randomConfig(random: Random): Record<string, unknown> {
  const maybe = <T>(value: T): T | null => (random(3) === 0 ? value : null);
  const drivers: Record<string, unknown> = {};
  for (const name of ['ebs', 'nfs', 'dir', 'raw'])
    if (random(12) > 0)
      drivers[name] = {
        sharing: maybe(pick(random, ['shared', 'exclusive', random(20) ? 'shared' : 'odd'])),
        readonly: random(12) === 0,
        create: random(2) === 0,
        createOptions: maybe(['size', 'iops']),
        mountNeverCreates: random(3) === 0,
        plainDirs: name === 'dir',
        maxInFlight: maybe(random(40)),
        mountMs: maybe(random(60000)),
        lingerMs: maybe(random(5000)),
        chown: maybe(pick(random, ['never', 'firstHolder'])),
      };
  return {
    agentId: random(40) === 0 ? 'a2' : 'a1',
    root: random(60) === 0 ? pick(random, ['m', '/m/', '/other', '']) : ROOT,
    defaultDriver: random(20) === 0 ? pick(random, DRIVERS) : (maybe('ebs') ?? 'nfs'),
    prepareMs: maybe(random(5000)),
    settleMs: maybe(random(5000)),
    lingerMs: maybe(random(3000)),
    retryMaxMs: maybe(random(9000)),
    allowedTargets: random(8) === 0 ? [pick(random, ['/mnt', '/etc', '/m/x', 'x', '/a//b', '..'])] : null,
    drivers,
    volumes:
      random(4) === 0
        ? { 'ebs/v1': { sharing: 'exclusive', readonly: random(2) === 0, lingerMs: random(3000) } }
        : {},
    offers:
      random(5) === 0
        ? { ebsvolumes: { driver: pick(random, ['ebs', 'ebs', 'x']), volumes: ['v1', 'v2'] } }
        : {},
    requireOffer: random(30) === 0,
    discovered: maybe(['gluster']),
  };
}
