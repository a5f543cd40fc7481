import { ContainerInfo } from './events/container.ts';
import { Request } from './requests/request.ts';
import { Reader } from './wire/reader.ts';

/**
 * What makes this policy another one than its neighbours: its name, what it makes of a container's wishes, and what it remembers for that. The
 * shipped policy takes wishes as they are and remembers nothing. A policy with a rule of its own puts another file in the place of this one and
 * leaves all others as they are; examples/policies/ shows how.
 */
export const POLICY_NAME: string = 'moorage-standard';
export const POLICY_VERSION: string = '0.1.0';

/** Which fields its snapshots have behind those of the shipped policy: 0 for none; a policy that adds some takes a number that no other has. */
export const SNAPSHOT_EXTENSION: i32 = 0;
/** How many fields a container's record has more. */
export const CONTAINER_MORE: i32 = 0;

/** What is remembered of a container, for as long as it is there. */
export class Remark {}

/** A container is prepared, or found at a recovery, for the first time: what is to be remembered of it. */
export function remember(_info: ContainerInfo): Remark | null {
  return null;
}

/**
 * What becomes of its wishes, before anything is held against them. It must depend on nothing but the two: a container that is prepared
 * again is to ask for the same. Who was there before a swap is remembered with null.
 */
export function shape(_requests: Request[], _remark: Remark | null): void {}

/** Writes the CONTAINER_MORE fields. */
export function writeRemark(_remark: Remark | null): void {}

/** Reads what {@link writeRemark} wrote. */
export function readRemark(_r: Reader): Remark | null {
  return null;
}
