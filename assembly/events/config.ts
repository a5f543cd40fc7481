import * as limits from '../limits.ts';
import { Reader } from '../wire/reader.ts';

/** What may be done with the volumes of one driver. */
export class DriverConfig {
  name: string = '';
  exclusive: bool = false;
  readonly: bool = false;
  create: bool = false;
  createOptions: string[] = [];
  mountNeverCreates: bool = false;
  plainDirs: bool = false;
  maxInFlight: f64 = 16;
  mountMs: f64 = limits.MOUNT_MS;
  unmountMs: f64 = limits.UNMOUNT_MS;
  /** Below 0: as the configuration says for all. */
  lingerMs: f64 = -1;
  chownFirstHolder: bool = false;
  /** No longer configured: its volumes are only taken down. */
  retiring: bool = false;
}

/** What is different for one volume, by `driver/name`. */
export class VolumeConfig {
  key: string = '';
  /** '' as the driver has it, else `shared` or `exclusive`. */
  sharing: string = '';
  readonly: bool = false;
  lingerMs: f64 = -1;
}

const NOTHING_SPECIAL: VolumeConfig = new VolumeConfig();

/** Volumes that this agent offers as a Mesos SET resource. */
export class Offer {
  resource: string = '';
  driver: string = '';
  volumes: string[] = [];
}

export class Config {
  agentId: string = '';
  root: string = '';
  defaultDriver: string = '';
  prepareMs: f64 = limits.PREPARE_MS;
  settleMs: f64 = limits.SETTLE_MS;
  lingerMs: f64 = 0;
  retryMaxMs: f64 = limits.RETRY_MAX_MS;
  allowedTargets: string[] = ['/mnt', '/data', '/srv'];
  drivers: DriverConfig[] = [];
  volumes: VolumeConfig[] = [];
  offers: Offer[] = [];
  requireOffer: bool = false;
  discovered: string[] = [];

  /** Before the name of a volume: the id of its driver mount, the same over retries and restarts. */
  mountIdPrefix: string = '';
  private writablePrefix: string = '';
  private readonlyPrefix: string = '';

  /** Agent id and root are settled. */
  identify(): void {
    this.mountIdPrefix = 'moorage-' + this.agentId + '-';
    this.writablePrefix = this.root + '/';
    this.readonlyPrefix = this.root + '/.ro/';
  }

  /** Before the key of a volume: where its managed mount lies. */
  managedPrefix(readonly: bool): string {
    return readonly ? this.readonlyPrefix : this.writablePrefix;
  }

  /** The driver's own section; for a name that is not there, defaults with `retiring` set. */
  driver(name: string): DriverConfig {
    for (let i = 0; i < this.drivers.length; i++) if (this.drivers[i].name == name) return this.drivers[i];
    const retired = new DriverConfig();
    retired.name = name;
    retired.retiring = true;
    return retired;
  }

  volume(key: string): VolumeConfig {
    for (let i = 0; i < this.volumes.length; i++) if (this.volumes[i].key == key) return this.volumes[i];
    return NOTHING_SPECIAL;
  }

  driverNames(): string[] {
    const names: string[] = [];
    for (let i = 0; i < this.drivers.length; i++) names.push(this.drivers[i].name);
    return names;
  }
}

function duration(r: Reader, field: string, otherwise: f64): f64 {
  return r.nil() ? otherwise : r.integer(field, 0, limits.CONFIG_MS_MAX);
}

function flag(r: Reader, field: string): bool {
  return r.nil() ? false : r.bool(field);
}

function sharing(r: Reader, field: string): string {
  const value = r.optionalText(field);
  if (value.length > 0 && value != 'shared' && value != 'exclusive')
    r.fail(field, 'must be shared or exclusive');
  return value;
}

function readDriver(r: Reader): DriverConfig {
  const driver = new DriverConfig();
  if (!r.record('config.drivers', 13)) return driver;
  driver.name = r.text('config.drivers');
  const field = 'config.drivers.' + driver.name;
  r.optionalText(field + '.address');
  driver.exclusive = sharing(r, field + '.sharing') == 'exclusive';
  driver.readonly = flag(r, field + '.readonly');
  driver.create = flag(r, field + '.create');
  driver.createOptions = r.texts(field + '.createOptions');
  driver.mountNeverCreates = flag(r, field + '.mountNeverCreates');
  driver.plainDirs = flag(r, field + '.plainDirs');
  driver.maxInFlight = r.nil() ? 16 : r.integer(field + '.maxInFlight', 1, 1024);
  driver.mountMs = duration(r, field + '.mountMs', limits.MOUNT_MS);
  driver.unmountMs = duration(r, field + '.unmountMs', limits.UNMOUNT_MS);
  driver.lingerMs = duration(r, field + '.lingerMs', -1);
  const chown = r.optionalText(field + '.chown');
  if (chown.length > 0 && chown != 'never' && chown != 'firstHolder')
    r.fail(field + '.chown', 'must be never or firstHolder');
  driver.chownFirstHolder = chown == 'firstHolder';
  return driver;
}

function readVolume(r: Reader): VolumeConfig {
  const volume = new VolumeConfig();
  if (!r.record('config.volumes', 4)) return volume;
  volume.key = r.text('config.volumes');
  volume.sharing = sharing(r, 'config.volumes.' + volume.key + '.sharing');
  volume.readonly = flag(r, 'config.volumes.' + volume.key + '.readonly');
  volume.lingerMs = duration(r, 'config.volumes.' + volume.key + '.lingerMs', -1);
  return volume;
}

function readOffer(r: Reader): Offer {
  const offer = new Offer();
  if (!r.record('config.offers', 3)) return offer;
  offer.resource = r.text('config.offers');
  offer.driver = r.text('config.offers.' + offer.resource + '.driver');
  offer.volumes = r.texts('config.offers.' + offer.resource + '.volumes');
  return offer;
}

/** Reads the configuration; what is wrong with a single field ends up in the reader's error, named by its path. */
export function readConfig(r: Reader): Config {
  const config = new Config();
  if (!r.record('config', 13)) return config;
  config.agentId = r.text('config.agentId');
  config.root = r.text('config.root');
  config.defaultDriver = r.optionalText('config.defaultDriver');
  config.prepareMs = duration(r, 'config.prepareMs', limits.PREPARE_MS);
  if (!r.failed && config.prepareMs == 0) r.fail('config.prepareMs', 'must be at least 1');
  config.settleMs = duration(r, 'config.settleMs', limits.SETTLE_MS);
  config.lingerMs = duration(r, 'config.lingerMs', 0);
  config.retryMaxMs = duration(r, 'config.retryMaxMs', limits.RETRY_MAX_MS);
  if (!r.nil()) config.allowedTargets = r.texts('config.allowedTargets');
  const drivers = r.array('config.drivers');
  for (let i = 0; i < drivers && !r.failed; i++) config.drivers.push(readDriver(r));
  const volumes = r.optionalArray('config.volumes');
  for (let i = 0; i < volumes && !r.failed; i++) config.volumes.push(readVolume(r));
  const offers = r.optionalArray('config.offers');
  for (let i = 0; i < offers && !r.failed; i++) config.offers.push(readOffer(r));
  config.requireOffer = flag(r, 'config.requireOffer');
  config.discovered = r.texts('config.discovered');
  config.identify();
  return config;
}
