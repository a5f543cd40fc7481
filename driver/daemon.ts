import { stat } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Backend, BackendName } from './backends/backend.ts';
import { chooseBackend, makeBackend } from './backends/choose.ts';
import type { Driver, DriverBinding, Volume } from './driver.ts';
import { DriverError } from './errors.ts';
import { stopMs } from './limits.ts';
import type { DriverPaths } from './paths.ts';
import { reconcile } from './reconcile.ts';
import { lockRoot, prepareRoot, readBootId } from './root.ts';
import { makeSerial } from './serial.ts';
import { makeServer } from './server.ts';
import { listenOnSocket } from './socket.ts';
import type { VolumeRecord } from './state.ts';
import { makeSaver, readState } from './state_file.ts';
import { unmountAll } from './volumes.ts';

export interface DaemonOptions {
  /** Absolute paths. */
  readonly socket: string;
  readonly root: string;
  readonly defaultSizeBytes: number;
  readonly unmountOnExit: boolean;
  /** undefined: the best that there is. */
  readonly backend: BackendName | undefined;
  readonly log: (text: string) => void;
}

export interface Daemon {
  /**
   * Stops listening, lets begun operations end, and leaves the mounts unless they are to be unmounted on exit. Returns
   * what went wrong, one sentence each.
   */
  stop(): Promise<string[]>;
}

/** Starts the driver: when it resolves, the state is reconciled and the socket is listened on. */
export async function startDaemon(options: DaemonOptions, native: DriverBinding): Promise<Daemon> {
  if (process.geteuid?.() !== 0)
    throw new DriverError(
      'the driver mounts file systems; start it as root, or in a namespace where you are: unshare --user --map-root-user --mount',
    );
  // Whatever is made from here on is root's only, the socket included until it has its mode.
  process.umask(0o077);
  const paths = await prepareRoot(options.root);
  const lock = await lockRoot(paths, native);
  try {
    const driver = await openDriver(paths, options, native);
    const server = makeServer(driver);
    await listenOnSocket(server, options.socket);
    return {
      stop: async () => {
        const problems = await stopDriver(driver, server, options.unmountOnExit);
        await lock.close();
        return problems;
      },
    };
  } catch (error) {
    await lock.close();
    throw error;
  }
}

async function openDriver(
  paths: DriverPaths,
  options: DaemonOptions,
  native: DriverBinding,
): Promise<Driver> {
  const backend = await openBackend(paths, options, native);
  const stored = await readState(paths.state);
  const bootId = await readBootId();
  const volumes = new Map<string, Volume>();
  const planned = new Set<VolumeRecord>();
  const driver: Driver = {
    paths,
    mountsDev: (await stat(paths.mounts)).dev,
    native,
    backend,
    volumes,
    planned,
    serial: makeSerial(),
    defaultSizeBytes: options.defaultSizeBytes,
    save: makeSaver(paths, () => ({
      bootId,
      volumes: [...[...volumes.values()].map((volume) => volume.record), ...planned],
    })),
    log: options.log,
  };
  await reconcile(driver, stored, bootId);
  return driver;
}

async function openBackend(
  paths: DriverPaths,
  { backend: wanted, log }: DaemonOptions,
  native: DriverBinding,
): Promise<Backend> {
  const { name, why } = wanted === undefined ? await chooseBackend() : { name: wanted, why: '' };
  const backend = makeBackend(name, paths, native);
  log(`${backend.words}${why === '' ? '' : `: ${why}`}`);
  return backend;
}

async function stopDriver(driver: Driver, server: Server, unmountOnExit: boolean): Promise<string[]> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const problems = (await endsWithin(driver.serial.idle(), stopMs))
    ? []
    : [`operations did not end within ${stopMs / 1000} s; the next start repairs what they leave`];
  if (unmountOnExit) problems.push(...(await unmountAll(driver)));
  if (!(await endsWithin(closed, 1000))) server.closeAllConnections();
  return problems;
}

/** Whether `work` ends in time. */
async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
