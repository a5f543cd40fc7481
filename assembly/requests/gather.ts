import { BAD_LABEL, CONFLICT, Refusal, UNKNOWN_DRIVER } from '../errors.ts';
import { Config } from '../events/config.ts';
import { ContainerInfo } from '../events/container.ts';
import { REQUESTS_MAX } from '../limits.ts';
import { decimal } from '../text.ts';
import { readEnvironment } from './environment.ts';
import { parseLabel } from './label.ts';
import { addOption } from './long_label.ts';
import { checkName, normalisePath } from './names.ts';
import { Request } from './request.ts';

/** All that a container asks for, parents of other container paths first; or why it is refused. */
export class Requests {
  list: Request[] = [];
  refusal: Refusal | null = null;
}

function refused(refusal: Refusal): Requests {
  const requests = new Requests();
  requests.refusal = refusal;
  return requests;
}

/** Reads every source of requests of a container (labels, volumes, environment) and takes their union. The labels of a nested one are its parent's. */
export function gather(info: ContainerInfo, config: Config, nested: bool): Requests {
  const found: Request[] = [];
  const labels = nested ? ([] as string[]) : info.labels;
  let refusal = readLabels(labels, found);
  if (!refusal) refusal = readVolumes(info, found);
  if (!refusal) refusal = readEnvironment(info.env, found);
  if (!refusal && found.length > REQUESTS_MAX) refusal = tooMany('container ' + info.id);
  if (refusal) return refused(refusal);
  const defaultDriver = taskDriver(labels, config);
  const requests = new Requests();
  for (let i = 0; i < found.length; i++) {
    refusal = complete(found[i], defaultDriver);
    if (!refusal) refusal = add(found[i], requests.list);
    if (refusal) return refused(refusal);
  }
  sortByPath(requests.list);
  return requests;
}

function readLabels(labels: string[], found: Request[]): Refusal | null {
  for (let i = 0; i < labels.length; i += 2) {
    const key = labels[i];
    if (key != 'volume' && key != 'volume-driver' && !key.startsWith('volume.')) continue;
    const origin = 'label ' + key;
    for (let j = 0; j < i; j += 2) {
      if (labels[j] == key)
        return new Refusal(BAD_LABEL, origin + ' is given twice', 'use volume.<key> for several volumes');
    }
    if (key == 'volume-driver') {
      if (labels[i + 1].length == 0)
        return new Refusal(BAD_LABEL, origin + ' is empty', 'write volume-driver=<driver>');
      continue;
    }
    if (key == 'volume.')
      return new Refusal(
        BAD_LABEL,
        origin + ' has no key after the dot',
        'write volume.<key>, as in volume.logs',
      );
    const request = new Request();
    request.origin = origin;
    const refusal = parseLabel(labels[i + 1], origin, request);
    if (refusal) return refusal;
    found.push(request);
    if (found.length > REQUESTS_MAX) return tooMany(origin);
  }
  return null;
}

function tooMany(origin: string): Refusal {
  const message = origin + ': more than ' + decimal(REQUESTS_MAX) + ' volumes for one container';
  return new Refusal(BAD_LABEL, message, 'split the task, or put the data on fewer volumes');
}

function readVolumes(info: ContainerInfo, found: Request[]): Refusal | null {
  for (let i = 0; i < info.volumes.length; i++) {
    const volume = info.volumes[i];
    const request = new Request();
    request.origin = 'volume ' + volume.name;
    request.driver = volume.driver;
    request.name = volume.name;
    request.path = volume.containerPath;
    request.readonly = volume.readonly;
    for (let j = 0; j < volume.options.length; j += 2) {
      const refusal = addOption(volume.options[j], volume.options[j + 1], request.origin, request);
      if (refusal) return refusal;
    }
    found.push(request);
  }
  return null;
}

/** What `volume-driver` says for the whole task, else the configuration's default. */
function taskDriver(labels: string[], config: Config): string {
  for (let i = 0; i < labels.length; i += 2) if (labels[i] == 'volume-driver') return labels[i + 1];
  return config.defaultDriver;
}

/** Fills in defaults and checks names and path. */
function complete(request: Request, defaultDriver: string): Refusal | null {
  if (request.driver.length == 0) request.driver = defaultDriver;
  if (request.driver.length == 0) {
    const message = request.origin + ': no driver is named and the agent has no default driver';
    return new Refusal(
      UNKNOWN_DRIVER,
      message,
      'add the label volume-driver=<driver>, or set defaultDriver in the configuration',
    );
  }
  let refusal = checkName(request.name, 'volume name', request.origin);
  if (!refusal) refusal = checkName(request.driver, 'driver name', request.origin);
  if (refusal) return refusal;
  const result = normalisePath(request.path.length == 0 ? request.name : request.path, request.origin);
  request.path = result.path;
  request.identify();
  return result.refusal;
}

/** The same request twice is one; the same volume or path with another meaning is refused. */
function add(request: Request, list: Request[]): Refusal | null {
  for (let i = 0; i < list.length; i++) {
    const other = list[i];
    if (other.key == request.key) {
      if (other.meaning() == request.meaning()) return null;
      const message =
        request.origin + ' and ' + other.origin + ' ask for volume ' + request.key + ' in different ways';
      return new Refusal(CONFLICT, message, 'ask for a volume once, or twice in the same way');
    }
    if (other.path == request.path) {
      const message =
        request.origin + ' and ' + other.origin + ' both want the container path ' + request.path;
      return new Refusal(CONFLICT, message, 'give one of them another path');
    }
  }
  list.push(request);
  return null;
}

/** Insertion sort: the lists are short, and a path sorts before every path inside it. */
function sortByPath(list: Request[]): void {
  for (let i = 1; i < list.length; i++) {
    const request = list[i];
    let at = i;
    while (at > 0 && list[at - 1].path > request.path) {
      list[at] = list[at - 1];
      at -= 1;
    }
    list[at] = request;
  }
}
