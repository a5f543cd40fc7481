import { ContainerInfo } from './events/container.ts';
import { READERS, TENANT_LABEL } from './readers.ts';
import { Request } from './requests/request.ts';
import { state } from './state/state.ts';
import { Reader } from './wire/reader.ts';
import { out } from './wire/writer.ts';

/** A tenant of `READERS` gets every volume read-only, whatever it asks for, and creates none. In all else this policy is the shipped one. */
export const POLICY_NAME: string = 'moorage-tenants';
export const POLICY_VERSION: string = '0.1.0';

export const SNAPSHOT_EXTENSION: i32 = 1;
export const CONTAINER_MORE: i32 = 1;

/** A container's tenant: those that are nested in it bring no labels of their own, and belong to the same one. */
export class Remark {
  constructor(public tenant: string) {}
}

/** A container without the label, or with an empty one, has no tenant. */
export function remember(info: ContainerInfo): Remark | null {
  const above = parentOf(info.id);
  const tenant = above.length > 0 ? tenantOf(above) : labelled(info.labels);
  return tenant.length > 0 ? new Remark(tenant) : null;
}

export function shape(requests: Request[], remark: Remark | null): void {
  if (!remark || READERS.indexOf((remark as Remark).tenant) < 0) return;
  for (let i = 0; i < requests.length; i++) {
    requests[i].readonly = true;
    requests[i].create = false;
  }
}

export function writeRemark(remark: Remark | null): void {
  out.text(remark ? (remark as Remark).tenant : '');
}

export function readRemark(r: Reader): Remark | null {
  const tenant = r.text('container.tenant');
  return tenant.length > 0 ? new Remark(tenant) : null;
}

/** The label may be given more than once: a tenant that only reads then counts more than one that does not. */
function labelled(labels: string[]): string {
  let tenant = '';
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] != TENANT_LABEL || labels[i + 1].length == 0) continue;
    if (tenant.length == 0 || READERS.indexOf(labels[i + 1]) >= 0) tenant = labels[i + 1];
  }
  return tenant;
}

/** The innermost container with volumes that this one is nested in, '' for none. */
function parentOf(id: string): string {
  for (let i = id.length - 1; i > 0; i--) {
    if (id.charCodeAt(i) == 46 && state.container(id.substring(0, i))) return id.substring(0, i);
  }
  return '';
}

function tenantOf(id: string): string {
  const container = state.container(id);
  if (!container || !container.remark) return '';
  return (container.remark as Remark).tenant;
}
