import { emitOk, emitRefusal } from '../effects/emit.ts';
import { BAD_CONFIG, Refusal } from '../errors.ts';
import { Config, readConfig } from '../events/config.ts';
import { checkName, isWithin, normalisePath } from '../requests/names.ts';
import { state } from '../state/state.ts';
import { listed, nearest } from '../text.ts';
import { Reader } from '../wire/reader.ts';

/** Takes a configuration as a whole, or refuses it as a whole. */
export function configure(call: f64, r: Reader): void {
  const start = r.position;
  const config = readConfig(r);
  const bytes = r.since(start);
  r.finish();
  if (r.failed) return emitRefusal(call, BAD_CONFIG, r.error, 'see the configuration in the documentation');
  const refusal = check(config);
  if (refusal) return emitRefusal(call, refusal.code, refusal.message, refusal.hint);
  state.config = config;
  state.configBytes = bytes;
  emitOk(call);
}

function bad(message: string, hint: string): Refusal {
  return new Refusal(BAD_CONFIG, message, hint);
}

function check(config: Config): Refusal | null {
  let refusal = checkName(config.agentId, 'agentId', 'config');
  if (!refusal) refusal = checkRoot(config);
  if (!refusal) refusal = checkDrivers(config);
  if (!refusal) refusal = checkTargets(config);
  if (refusal) refusal.code = BAD_CONFIG;
  return refusal;
}

function checkRoot(config: Config): Refusal | null {
  const normal = normalisePath(config.root, 'config.root');
  if (normal.refusal) return normal.refusal;
  if (!config.root.startsWith('/'))
    return bad('config.root: "' + config.root + '" is not absolute', 'write a path that starts with /');
  if (normal.path != config.root)
    return bad('config.root: "' + config.root + '" is not in its shortest form', 'write ' + normal.path);
  const before = state.config;
  if (before && before.agentId != config.agentId && state.volumes.size > 0) {
    return bad(
      'config.agentId: cannot change while volumes are mounted under the id of ' + before.agentId,
      'drain the agent first',
    );
  }
  if (before && before.root != config.root && state.volumes.size > 0) {
    return bad(
      'config.root: cannot change from ' + before.root + ' while volumes are mounted there',
      'drain the agent first',
    );
  }
  return null;
}

function checkDrivers(config: Config): Refusal | null {
  const names: string[] = [];
  for (let i = 0; i < config.drivers.length; i++) {
    const name = config.drivers[i].name;
    const refusal = checkName(name, 'driver name', 'config.drivers');
    if (refusal) return refusal;
    if (names.indexOf(name) >= 0)
      return bad('config.drivers: ' + name + ' is there twice', 'keep one of the two');
    names.push(name);
  }
  if (config.defaultDriver.length > 0 && names.indexOf(config.defaultDriver) < 0) {
    const near = nearest(config.defaultDriver, names);
    const hint = near.length > 0 ? 'did you mean ' + near + '?' : 'configured are ' + listed(names);
    return bad('config.defaultDriver: "' + config.defaultDriver + '" is not one of the drivers', hint);
  }
  for (let i = 0; i < config.offers.length; i++) {
    if (names.indexOf(config.offers[i].driver) >= 0) continue;
    return bad(
      'config.offers.' + config.offers[i].resource + '.driver: is not one of the drivers',
      'configured are ' + listed(names),
    );
  }
  return null;
}

function checkTargets(config: Config): Refusal | null {
  for (let i = 0; i < config.allowedTargets.length; i++) {
    const target = config.allowedTargets[i];
    const normal = normalisePath(target, 'config.allowedTargets');
    if (normal.refusal) return normal.refusal;
    if (!target.startsWith('/'))
      return bad(
        'config.allowedTargets: "' + target + '" is not absolute',
        'write a path that starts with /',
      );
    if (isWithin(target, config.root) || isWithin(config.root, normal.path)) {
      return bad(
        'config.allowedTargets: "' + target + '" and config.root lie in one another',
        'choose another directory',
      );
    }
    if (normal.path != target)
      return bad(
        'config.allowedTargets: "' + target + '" is not in its shortest form',
        'write ' + normal.path,
      );
  }
  return null;
}
