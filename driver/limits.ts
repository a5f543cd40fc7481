/** Every limit of the volume driver. */

const mebibyte = 2 ** 20;
const tebibyte = 2 ** 40;

/** A longer request body is refused. */
export const bodyBytesMax = mebibyte;

/** A file name has at most 255 bytes, and an image's name ends in `.img`. */
export const nameBytesMax = 251;

export const idBytesMax = 1024;

/** How many holders one volume may have at a time: the state file is written as a whole. */
export const idsPerVolumeMax = 4096;

/** ext4 wants 2048 blocks of 4 KiB for a journal. */
export const sizeBytesMin = 8 * mebibyte;

/** Half of what an ext4 below can hold in one file. */
export const sizeBytesMax = 8 * tebibyte;

/** Images are whole blocks. */
export const blockBytes = 4096;

/** Docker gives Create 120 s. */
export const mkfsMs = 100_000;

/** How long fuse2fs may take to mount an image. */
export const fuseStartMs = 30_000;

/** How long to wait for a fuse2fs whose image was unmounted to write back and end. */
export const fuseEndMs = 5_000;

/** How long an unmount is tried again while a process still works in the volume; the caller may ask again. */
export const unmountRetryMs = 2_000;

/** The same at the start, where a busy mount that nobody has may wait for the next Unmount. */
export const startRetryMs = 500;

/** How long a stopping daemon waits for the operations it has begun. */
export const stopMs = 15_000;

/** sun_path has 108 bytes, NUL included (unix(7)). */
export const socketPathBytesMax = 107;

export const headersMs = 10_000;
export const requestMs = 30_000;
export const connectionsMax = 1024;

/** Room that is kept for the state on a full disk. */
export const reserveBytesMin = 64 * 1024;
