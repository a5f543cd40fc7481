import { type Driver, volumeOf } from './driver.ts';
import { checkId, checkVolumeName } from './names.ts';
import { readOptions } from './options.ts';
import { mapField, type RequestFields, stringField } from './request.ts';
import { listVolumes, mountpointOf, viewVolume } from './views.ts';
import { createVolume, mountVolume, removeVolume, unmountVolume } from './volumes.ts';

/** One method: the request's fields in, the fields of the answer out (`Err` is added). Throws BadRequest, or any other Error. */
export type Method = (driver: Driver, fields: RequestFields) => Promise<Readonly<Record<string, unknown>>>;

/** Docker Volume Plugin API v1, by path. */
export const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['/Plugin.Activate', async () => ({ Implements: ['VolumeDriver'] })],
  ['/VolumeDriver.Capabilities', async () => ({ Capabilities: { Scope: 'local' } })],
  ['/VolumeDriver.Create', create],
  ['/VolumeDriver.Remove', remove],
  ['/VolumeDriver.Mount', mount],
  ['/VolumeDriver.Unmount', unmount],
  ['/VolumeDriver.Path', path],
  ['/VolumeDriver.Get', get],
  ['/VolumeDriver.List', async (driver) => ({ Volumes: await listVolumes(driver) })],
]);

async function create(driver: Driver, fields: RequestFields): Promise<Record<string, unknown>> {
  const name = nameField(fields);
  await createVolume(driver, name, readOptions(mapField(fields, 'Opts')));
  return {};
}

async function remove(driver: Driver, fields: RequestFields): Promise<Record<string, unknown>> {
  await removeVolume(driver, nameField(fields));
  return {};
}

async function mount(driver: Driver, fields: RequestFields): Promise<Record<string, unknown>> {
  const name = nameField(fields);
  return { Mountpoint: await mountVolume(driver, name, idField(fields)) };
}

async function unmount(driver: Driver, fields: RequestFields): Promise<Record<string, unknown>> {
  const name = nameField(fields);
  await unmountVolume(driver, name, idField(fields));
  return {};
}

async function path(driver: Driver, fields: RequestFields): Promise<Record<string, unknown>> {
  return { Mountpoint: await mountpointOf(driver, volumeOf(driver, nameField(fields))) };
}

async function get(driver: Driver, fields: RequestFields): Promise<Record<string, unknown>> {
  return { Volume: await viewVolume(driver, nameField(fields)) };
}

function nameField(fields: RequestFields): string {
  const name = stringField(fields, 'Name');
  checkVolumeName(name);
  return name;
}

function idField(fields: RequestFields): string {
  const id = stringField(fields, 'ID');
  checkId(id);
  return id;
}
