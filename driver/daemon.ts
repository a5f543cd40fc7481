import { stat } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Driver, DriverBinding, Volume } from './driver.ts';
import { DriverError } from './errors.ts';
import { stopMs } from './limits.ts';
import type { DriverPaths } from './paths.ts';
import { reconcile } from './reconcile.ts';
import { lockRoot, prepareRoot, readBootId } from './root.ts';
import { makeSerial } from './serial.ts';
import { makeServer } from './server.ts';
import { listenOnSocket } from './socket.ts';
import { makeSaver, readState } from './state_file.ts';
import { unmountAll } from './volumes.ts';

export interface DaemonOptions {
  /** Absolute paths. */
  readonly socket: string;
  readonly root: string;
  readonly defaultSizeBytes: number;
  readonly unmountOnExit: boolean;
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
  if (process.geteuid?.() !== 0) throw new DriverError('the driver mounts file systems; start it as root');
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
  const stored = await readState(paths.state);
  const bootId = await readBootId();
  const volumes = new Map<string, Volume>();
  const driver: Driver = {
    paths,
    mountsDev: (await stat(paths.mounts)).dev,
    native,
    volumes,
    serial: makeSerial(),
    defaultSizeBytes: options.defaultSizeBytes,
    save: makeSaver(paths.state, () => ({
      bootId,
      volumes: [...volumes.values()].map((volume) => volume.record),
    })),
    log: options.log,
  };
  await reconcile(driver, stored, bootId);
  return driver;
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
