/**
 * What the native code offers to the host. The same C++ sources stand behind it twice: linked into libmoorage.so
 * (embedded) and as build/moorage.node (plain Node).
 *
 * Every function that may wait returns a promise, runs on a thread of its own, never on the host thread, and rejects with a
 * {@link NativeError}. Nothing here decides anything about volumes.
 */

/** Why an operation failed: `refused` (answered no), `failed` (went wrong here), `unreachable` (surely not sent), `timeout` (sent, outcome unknown). */
export type FailureKind = 'refused' | 'failed' | 'unreachable' | 'timeout';

/** An Error with a code for programs (`ENOENT`, `not-mounted`, …) and the kind of the failure. */
export interface NativeError extends Error {
  code: string;
  kind: FailureKind;
}

/** How TLS is spoken with a driver: PEM texts. */
export interface HttpTls {
  /** Whoever answers is believed. */
  insecureSkipVerify: boolean;
  /** Who may vouch for the driver; the machine's own certificates when it is absent. */
  ca?: string;
  /** Who we are; both or none. */
  cert?: string;
  key?: string;
}

export interface HttpRequest {
  /** Which queue the call belongs to: calls of one lane share `maxInFlight`, lanes never wait for one another. */
  lane: string;
  maxInFlight: number;
  /** `unix:///path/to.sock`, `tcp://host:port` or `https://host:port`. */
  address: string;
  /** Heeded at `https://`; without it the driver's certificate is held against those of the machine. */
  tls?: HttpTls | undefined;
  /** e.g. `/VolumeDriver.Mount`. */
  path: string;
  /** The JSON text to POST. */
  body: string;
  /** From the moment the call is begun (not queued) to the last byte of the answer, connecting included; milliseconds. */
  deadlineMs: number;
  /** A longer answer ends the call with code `too-large`. */
  maxResponseBytes: number;
}

export interface HttpResponse {
  status: number;
  body: string;
}

/** A mount as the kernel knows it. `mountId` is unique for this boot where the kernel has such ids (6.8), else the table's own. */
export interface Mount {
  target: string;
  mountId: number;
  source: string;
  fstype: string;
  /** The directory of the file system that the mount shows. */
  root: string;
  /** `major:minor`. */
  dev: string;
}

export interface BindRequest {
  /** The managed root, an absolute path. */
  root: string;
  /** Driver mountpoint, absolute. Refused with `not-mounted` unless it is (or its parent is) the root of a mount that is not `/`; refused with `under-root` when it lies under `root`. */
  source: string;
  /** Absolute, below `root`; its directories are created. */
  target: string;
  readonly: boolean;
  /** The driver's volumes are plain directories: do not ask for a mount. */
  plainDirs: boolean;
  /** `uid`, `uid:gid` or a user name: given the volume's root directory, by descriptor, not recursively. */
  owner?: string | undefined;
}

export interface BindResult {
  mountId: number;
  sourceMountId: number;
  fstype: string;
  dev: string;
}

export interface DetachRequest {
  root: string;
  target: string;
  /** Only this very mount is detached. Another one there: refused with `other-mount`. None there: done, `gone` is true. */
  mountId: number;
}

export interface PlaceRequest {
  /** Absolute directory beneath which the paths are made, without following links. */
  base: string;
  paths: string[];
  /** false: the paths must exist as directories already. */
  create: boolean;
  /** Owner of what is created. */
  owner?: string | undefined;
}

/** Where a path lies: the mount that holds it. */
export interface PathMount {
  mountId: number;
  dev: string;
  fstype: string;
  /** Directory of the file system that the path is. */
  root: string;
  /** The path is a volume's: its mount's root is the path or the path's parent, and the mount is not `/`. */
  ownMount: boolean;
}

/** A mount namespace other than the caller's that still has a directory of a file system mounted. */
export interface Pin {
  pid: number;
  /** Inode of the namespace. */
  namespace: number;
}

/** A mount whose end somebody wants to hear of, and a path that lies on it. */
export interface WatchedMount {
  mountId: number;
  path: string;
}

export interface MountWatch {
  /** How the kernel tells: which mount it was, that one was, or that the table has to be read. */
  readonly way: 'fanotify' | 'statmount' | 'mountinfo';
  /** One that is gone already is told, too. */
  watch(mounts: readonly WatchedMount[]): void;
  /** Their end is no news any more. */
  unwatch(mountIds: readonly number[]): void;
  close(): void;
}

export interface Binding {
  /** One POST; exactly one send; never repeated by the transport. */
  post(request: HttpRequest): Promise<HttpResponse>;
  bind(request: BindRequest): Promise<BindResult>;
  detach(request: DetachRequest): Promise<{ gone: boolean }>;
  place(request: PlaceRequest): Promise<void>;
  /** The caller's mount table, in order. */
  mountTable(): Promise<Mount[]>;
  /** The mount table of another process; rejects with ESRCH when it is gone. */
  mountTableOf(pid: number): Promise<Mount[]>;
  /** Rejects with ENOENT when there is nothing. */
  pathMount(path: string): Promise<PathMount>;
  /**
   * Namespaces that have `root` of file system `dev`, or a directory below it, mounted elsewhere than at `copies` or a directory above one of
   * those: where the volume is, or was, mounted here, for of that every namespace begins with a copy.
   */
  pinnedBy(request: { dev: string; root: string; copies: string[] }): Promise<Pin[]>;
  /** Makes `root` (0700) a bind of itself, MS_SHARED, when it is not yet. */
  prepareRoot(root: string): Promise<void>;
  /** Takes the bind of `root` away when nothing is mounted below; true when it is gone. */
  releaseRoot(root: string): Promise<boolean>;
  /** Tells of mounts that vanish, whoever unmounted them, each once; it does not keep the event loop alive. Absent where nothing is ever mounted. */
  watchMounts?(onGone: (mountIds: number[]) => void): MountWatch;
  /** An exclusive lock on an open file that lives as long as the descriptor; false when somebody else has it. */
  lockFile(fd: number): boolean;
  /** Lets go what `lockFile` locked, before the descriptor is closed; false when it was not locked here. */
  unlockFile(fd: number): boolean;
  /**
   * Calls `work` on this thread, and ends it when it uses the processor longer than `limitMs` (up to half as long again): JS or wasm that never returns, too.
   * Then it throws a {@link NativeError} with code and kind `timeout`; else it gives or throws what `work` does. Within `work`, the limit of the
   * outer call holds.
   */
  guardedCall<Result>(work: () => Result, limitMs: number): Result;
  /** Reserves room on the disk for bytes of an open file, beyond its end too; its size stays. Rejects with ENOSPC or EDQUOT when there is none. */
  allocateFile(request: { fd: number; offset: number; length: number }): Promise<void>;
}

/** Only in moorage.node: what the embedded volume driver needs. */
export interface LoopBinding {
  /** Attaches `image` to a free loop device (auto-clear) and mounts it; nosuid, nodev. */
  mountImage(request: {
    image: string;
    target: string;
    fstype: string;
    options: string;
  }): Promise<{ device: string }>;
  /** Unmounts, not lazily; retries EBUSY for `retryMs`. The loop device clears itself. */
  unmountImage(request: { target: string; retryMs: number }): Promise<void>;
  /** Makes a file system in memory that lives while it is mounted nowhere, until it is dropped or the process ends; its number. `inodes` 0: as many as the kernel thinks right. */
  makeMemory(request: { source: string; sizeBytes: number; inodes: number }): Promise<number>;
  /** The same with one that is mounted on `target`. */
  keepMemory(request: { target: string }): Promise<number>;
  /** Mounts it; `unmountImage` takes that mount away. */
  attachMemory(request: { number: number; target: string }): Promise<void>;
  dropMemory(request: { number: number }): Promise<void>;
}

/** Only embedded: the line between the C ABI and the host. */
export interface EmbeddedBinding {
  /** The options of moorage_open, defaults filled in. `restarted`: a host before this one, in the same agent, had recovered. */
  readonly options: { config: string; stateDir: string; policy: string; restarted: boolean };
  /** The host is ready (`error` empty) or could not start. Ends moorage_open. */
  started(error: string): void;
  /** Set by the host: one event frame from a caller; answer later by `reply(token, frame)`, once. */
  onCall: ((token: number, frame: Uint8Array) => void) | undefined;
  /** Set by the host: moorage_close was called; call `closed()` when done. */
  onClose: (() => void) | undefined;
  reply(token: number, frame: Uint8Array): void;
  /** What runs is known, and in the journal: a host after this one needs no `recover`. To be said before its reply. */
  recovered(): void;
  /** A `limit` or `alert` frame. */
  notice(frame: Uint8Array): void;
  log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void;
  closed(): void;
}
