import type { FileHandle } from 'node:fs/promises';
import type { Mount } from '../../host/binding.ts';
import type { ImageAside, UnnamedImage } from '../images.ts';
import type { VolumeOptions } from '../options.ts';

/** What a volume's file system is mounted with. */
export type BackendName = 'loop' | 'fuse2fs' | 'tmpfs';

/** A mount that a backend made. */
export interface Attached {
  /** What the mount shows: a loop device, an image, a word for memory. */
  readonly device: string;
  /** Keeps others from the image as long as it is open; none where there is no image, or its name was gone before this daemon began. */
  readonly lock: FileHandle | undefined;
}

/** One way to keep volumes and to mount them. Each call is about one volume, and those on one follow one another. */
export interface Backend {
  readonly name: BackendName;
  /** One sentence for the operator: where the data are, and how long. */
  readonly words: string;
  /** The file system of the volumes that it makes. */
  readonly fs: VolumeOptions['fs'];
  /** Makes what holds a volume's data; it counts from when it is published. Leaves nothing when it fails. */
  make(name: string, options: VolumeOptions): Promise<UnnamedImage>;
  /** Takes that away again. */
  setAside(name: string): Promise<ImageAside>;
  /** Mounts the volume on an empty directory. Leaves nothing when it fails. */
  attach(name: string, target: string, options: VolumeOptions): Promise<Attached>;
  /** Unmounts it, what was written is kept; while it is in use tried again for `retryMs`. When it fails the volume is mounted as before. */
  detach(name: string, target: string, retryMs: number): Promise<void>;
  /** Whether a mount found at the start, on the volume's directory, shows the volume. */
  isOurs(name: string, mount: Mount): Promise<boolean>;
  /** Makes such a mount this daemon's own. `isNamed`: its image still has its name. */
  takeOver(name: string, target: string, isNamed: boolean): Promise<FileHandle | undefined>;
  /** Bytes that the volume takes; undefined when what held it is gone. */
  allocatedBytes(name: string, target: string, isMounted: boolean): Promise<number | undefined>;
}
