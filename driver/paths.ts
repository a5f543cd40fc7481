import { join } from 'node:path';

/** Where everything of one driver lies. */
export interface DriverPaths {
  readonly root: string;
  /** Locked as long as a daemon works here; holds its pid. */
  readonly lock: string;
  readonly state: string;
  /** Room for the state on a full disk. */
  readonly reserve: string;
  readonly images: string;
  readonly mounts: string;
}

/** The paths below `root`, which must be absolute and free of links. */
export function driverPaths(root: string): DriverPaths {
  return {
    root,
    lock: join(root, 'lock'),
    state: join(root, 'state.json'),
    reserve: join(root, 'reserve'),
    images: join(root, 'images'),
    mounts: join(root, 'mounts'),
  };
}

export function imagePath(paths: DriverPaths, name: string): string {
  return join(paths.images, `${name}.img`);
}

/** Where the volume is mounted. */
export function mountPath(paths: DriverPaths, name: string): string {
  return join(paths.mounts, name);
}

/** What is handed out: a directory in the volume, so that `lost+found` stays out of sight. */
export function dataPath(paths: DriverPaths, name: string): string {
  return join(mountPath(paths, name), 'data');
}
