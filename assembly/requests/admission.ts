import { BAD_PATH, CREATE_NOT_ALLOWED, NOT_OFFERED, READ_ONLY, Refusal, UNKNOWN_DRIVER } from '../errors.ts';
import { Config, DriverConfig, Offer } from '../events/config.ts';
import { ContainerInfo } from '../events/container.ts';
import { listed, nearest } from '../text.ts';
import { isWithin } from './names.ts';
import { Request } from './request.ts';

/** What the configuration says about one request, before the volume's own state is looked at. */
export function admit(request: Request, info: ContainerInfo, config: Config): Refusal | null {
  const driver = config.driver(request.driver);
  if (driver.retiring) return unknownDriver(request, config);
  let refusal = admitPath(request, info, config);
  if (!refusal) refusal = admitMode(request, config, driver);
  if (!refusal) refusal = admitOptions(request, driver);
  if (!refusal) refusal = admitOffer(request, info, config);
  return refusal;
}

function unknownDriver(request: Request, config: Config): Refusal {
  const names = config.driverNames();
  const near = nearest(request.driver, names);
  let hint = near.length > 0 ? 'did you mean ' + near + '?' : 'configured are ' + listed(names);
  if (config.discovered.indexOf(request.driver) >= 0)
    hint = 'it is on this machine: add it to drivers in the configuration';
  return new Refusal(
    UNKNOWN_DRIVER,
    request.origin + ': driver "' + request.driver + '" is not configured',
    hint,
  );
}

/** Without a rootfs an absolute path is a directory of the agent's machine: only those that the configuration allows. */
function admitPath(request: Request, info: ContainerInfo, config: Config): Refusal | null {
  if (!request.path.startsWith('/') || info.rootfs.length > 0) return null;
  for (let i = 0; i < config.allowedTargets.length; i++) {
    if (isWithin(request.path, config.allowedTargets[i])) return null;
  }
  const message =
    request.origin +
    ': the container path ' +
    request.path +
    " lies on the agent's own disk, outside of what is allowed";
  return new Refusal(
    BAD_PATH,
    message,
    'use a path in the sandbox, a container image, or a directory below ' + listed(config.allowedTargets),
  );
}

function admitMode(request: Request, config: Config, driver: DriverConfig): Refusal | null {
  if (request.readonly || !(driver.readonly || config.volume(request.key).readonly)) return null;
  const message = request.origin + ': volume ' + request.key + ' may only be read here';
  return new Refusal(READ_ONLY, message, 'ask for it with :ro, or readonly');
}

function admitOptions(request: Request, driver: DriverConfig): Refusal | null {
  if (request.create && !driver.create) {
    const message = request.origin + ': creating volumes is not allowed with driver ' + request.driver;
    return new Refusal(
      CREATE_NOT_ALLOWED,
      message,
      'create the volume beforehand, or set create for the driver in the configuration',
    );
  }
  if (!request.create) return null;
  for (let i = 0; i < request.options.length; i += 2) {
    const key = request.options[i];
    if (driver.createOptions.indexOf(key) >= 0) continue;
    const message = request.origin + ': the option ' + key + ' is not allowed with driver ' + request.driver;
    const near = nearest(key, driver.createOptions);
    const hint =
      near.length > 0 ? 'did you mean ' + near + '?' : 'allowed are ' + listed(driver.createOptions);
    return new Refusal(CREATE_NOT_ALLOWED, message, hint);
  }
  return null;
}

function admitOffer(request: Request, info: ContainerInfo, config: Config): Refusal | null {
  let offeredBy = '';
  for (let i = 0; i < config.offers.length; i++) {
    const offer = config.offers[i];
    if (offer.driver != request.driver || offer.volumes.indexOf(request.name) < 0) continue;
    offeredBy = offer.resource;
    if (wasGiven(offer, request.name, info)) return null;
  }
  if (!config.requireOffer && offeredBy.length == 0) return null;
  const message = request.origin + ': the task was not given volume ' + request.key + ' as a resource';
  const hint =
    offeredBy.length > 0
      ? 'have the framework accept ' + offeredBy + ':{' + request.name + '}'
      : notOffered(request, config);
  return new Refusal(NOT_OFFERED, message, hint);
}

/** What is offered of the same driver, the nearest name first. */
function notOffered(request: Request, config: Config): string {
  const names: string[] = [];
  for (let i = 0; i < config.offers.length; i++) {
    const offer = config.offers[i];
    if (offer.driver == request.driver)
      for (let j = 0; j < offer.volumes.length; j++) names.push(offer.volumes[j]);
  }
  const near = nearest(request.name, names);
  return near.length > 0
    ? 'did you mean ' + near + '?'
    : 'this agent offers no such volume: add it to offers in the configuration';
}

function wasGiven(offer: Offer, name: string, info: ContainerInfo): bool {
  for (let i = 0; i < info.resources.length; i++) {
    if (info.resources[i].name == offer.resource && info.resources[i].items.indexOf(name) >= 0) return true;
  }
  return false;
}
