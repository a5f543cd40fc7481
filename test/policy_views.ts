/** What the policy says of its state, as a test asks for it. */
import type { World } from './world.ts';

export type Named = Record<string, unknown>;
export const MANY = 1000;

export const overview = ({ policy }: World) => policy.status(0, 0, 0) as Named;
export const volumes = ({ policy }: World, after = 0, most = MANY) =>
  policy.status(1, after, most) as Named[];
export const containers = ({ policy }: World, after = 0, most = MANY) =>
  policy.status(2, after, most) as Named[];
export const counts = ({ policy }: World, after = 0, most = MANY) =>
  policy.status(3, after, most) as { next: number; drivers: Named[] };
export const volume = (world: World) => volumes(world)[0] as Named;

/** The fields of the first volume that are named. */
export function some(world: World, ...names: string[]): unknown[] {
  const found = volume(world);
  return names.map((name) => found[name]);
}
