import type { RequestedVolume } from '../host/frames/types.ts';
import { VOLUMES } from './setup.ts';
import { isUnknowable } from './truth.ts';
import { type SimContainer, volumeOf, type World } from './world.ts';

interface Want {
  readonly key: string;
  readonly readonly: boolean;
  readonly target: string;
}

interface Asks {
  readonly labels: [string, string][];
  readonly env: [string, string][];
  readonly volumes: RequestedVolume[];
  readonly resources: Record<string, string[] | number>;
}

/** Names a container's tenant to a policy that knows tenants. */
const TENANT_LABEL = 'volume-tenant';

/** The options that the driver of a volume to be created is given. */
const SIZE = 'size';

/** One volume that a container asks for, and the way in which it does. */
export interface Wanted {
  readonly way: 'label' | 'volume' | 'variable';
  readonly driver: string;
  readonly name: string;
  readonly readonly: boolean;
  readonly create: boolean;
  readonly options: string;
}

/** Some volumes, each in one of the ways there are; a nested container has no labels of its own. */
export function* drawWanted({ random, setup }: World, isNested: boolean): Generator<Wanted> {
  for (const [driver, name] of setup.volumes ?? VOLUMES) {
    const isGhost = name === 'ghost';
    if (!random.chance(isGhost ? 0.06 : 0.45)) continue;
    const way = isNested ? 'variable' : random.pick(['label', 'label', 'volume', 'variable'] as const);
    // A variable cannot ask for less than to write.
    const readonly = !isGhost && way !== 'variable' && random.chance(0.35);
    const create = isGhost && way !== 'volume' && random.chance(0.6);
    const options = create && random.chance(0.5) ? `${SIZE}=${random.pick([5, 6])}` : '';
    yield { way, driver, name, readonly, create, options };
  }
}

/** A container that asks for volumes. */
export function createContainer(
  world: World,
  id: string,
  parent: string,
  wanted: Iterable<Wanted>,
): SimContainer {
  const wants: Want[] = [];
  const reasons: string[] = [];
  const tenant = drawTenant(world, parent);
  const onlyReads = world.setup.readers?.includes(tenant) ?? false;
  const asks: Asks = { labels: [], env: [], volumes: [], resources: { cpus: 1 } };
  if (tenant !== '' && parent === '') asks.labels.push([TENANT_LABEL, tenant]);
  for (const volume of wanted) {
    const { driver, name, options } = volume;
    const readonly = volume.readonly || onlyReads;
    const create = volume.create && !onlyReads;
    ask(asks, volume);
    const key = `${driver}/${name}`;
    wants.push({ key, readonly, target: `/s/${id}/d-${name}` });
    reasons.push(...against(world, key, { readonly, create, options }), ...offer(world, asks, driver, name));
  }
  if (world.draining) reasons.push('draining');
  return {
    id,
    tenant,
    asks: { ...asks },
    wants,
    refusals: reasons,
    parent,
    phase: 'asked',
    limited: false,
    destroyed: false,
    voided: false,
    survivor: false,
    anonymous: false,
    own: [],
    copies: new Set(),
    pid: 0,
    hurtsAtStart: wants.map(({ key }) => volumeOf(world, key).hurts),
    sources: [],
  };
}

/** The tenant of a nested container is that of the one around it, as far as anybody still knows that. */
function drawTenant({ setup, containers, random }: World, parent: string): string {
  if (!setup.readers) return '';
  const around = containers.get(parent);
  if (around) return around.anonymous ? '' : around.tenant;
  return random.pick(['', 'owner', ...setup.readers]);
}

function ask(asks: Asks, { way, driver, name, readonly, create, options }: Wanted): void {
  const path = `d-${name}`;
  if (way === 'volume')
    return void asks.volumes.push({ driver, name, options: {}, containerPath: path, readonly });
  if (way === 'variable') {
    const suffix = asks.env.length;
    asks.env.push([`DVDI_VOLUME_NAME${suffix}`, name], [`DVDI_VOLUME_DRIVER${suffix}`, driver]);
    asks.env.push([`DVDI_VOLUME_CONTAINERPATH${suffix}`, path]);
    if (create) asks.env.push([`DVDI_VOLUME_EXPLICITCREATE${suffix}`, 'true']);
    if (options !== '') asks.env.push([`DVDI_VOLUME_OPTS${suffix}`, options]);
    return;
  }
  const parts = [`source=${name}`, `target=${path}`, `volume-driver=${driver}`];
  if (readonly) parts.push('readonly');
  if (create) parts.push('create');
  if (options !== '') parts.push(`volume-opt=${options}`);
  asks.labels.push([`volume.${name}`, parts.join(',')]);
}

/** What the configuration and other containers have against it: the codes of the refusals that are due. */
function against(
  world: World,
  key: string,
  { readonly, create, options }: { readonly: boolean; create: boolean; options: string },
): string[] {
  const { config, containers } = world;
  const driver = config.drivers[key.split('/')[0] as string];
  const own = config.volumes?.[key];
  if (!driver) return ['unknown-driver'];
  const codes: string[] = [];
  if (!readonly && (driver.readonly || own?.readonly)) codes.push('read-only');
  if (create && !driver.create) codes.push('create-not-allowed');
  if (create && options !== '' && !driver.createOptions?.includes(SIZE)) codes.push('create-not-allowed');
  const isExclusive = (own?.sharing ?? driver.sharing) === 'exclusive';
  for (const other of containers.values()) {
    const isUser = other.phase !== 'failed' && !other.anonymous && !other.destroyed;
    // To be sure of it a policy would refuse every exclusive volume for as long as a container of before lives.
    if (!isUser || isUnknowable(volumeOf(world, key), other)) continue;
    if (isExclusive && other.wants.some((want) => want.key === key)) codes.push('exclusive');
  }
  return codes;
}

/** Gives the container the volume as a resource, mostly; says what is due when it must have it and has not. */
function offer({ config, random }: World, asks: Asks, driver: string, name: string): string[] {
  const offers = Object.entries(config.offers ?? {}).filter(
    ([, { driver: of, volumes }]) => of === driver && volumes.includes(name),
  );
  const resource = offers[0]?.[0];
  if (resource === undefined) return config.requireOffer ? ['not-offered'] : [];
  const given = (asks.resources[resource] ?? []) as string[];
  if (!random.chance(0.85)) return ['not-offered'];
  asks.resources[resource] = [...given, name];
  return [];
}
