/** Every limit of the policy, in one place. Times are milliseconds, sizes bytes. */

/** Version of the functions and regions that the policy exports. */
export const ABI_VERSION: i32 = 3;
/** Version of the frames and of the snapshot. */
export const SCHEMA: i32 = 1;

/** The largest event frame: the size of the input region. */
export const FRAME_MAX: i32 = 256 * 1024;
/** How deep a frame may nest before it is refused. */
export const DEPTH_MAX: i32 = 16;

/** Volumes that one container may ask for. */
export const REQUESTS_MAX: i32 = 64;
/** Driver options of one volume. */
export const OPTIONS_MAX: i32 = 64;
/** Characters of one volume label or DVDI variable. */
export const LABEL_MAX: i32 = 16384;
export const NAME_MAX: i32 = 255;
export const PATH_MAX: i32 = 4095;
/** Texts that come from drivers are cut to this many characters before they go into an answer. */
export const MESSAGE_MAX: i32 = 400;
/** Characters of a name for which a near one is looked for: the work grows with the square of it. */
export const NEAR_MAX: i32 = 64;

export const PREPARE_MS: f64 = 45000;
export const SETTLE_MS: f64 = 30000;
export const RETRY_MAX_MS: f64 = 60000;
export const MOUNT_MS: f64 = 120000;
export const UNMOUNT_MS: f64 = 60000;
export const GET_MS: f64 = 60000;
/** Deadline of what the kernel does for us: bind, detach, place, observe. */
export const KERNEL_MS: f64 = 10000;
/** The longest time that a configuration may name: a week. */
export const CONFIG_MS_MAX: f64 = 7 * 24 * 3600 * 1000;

/** First step of the backoff; it doubles with every attempt. */
export const RETRY_FIRST_MS: f64 = 200;
/** While a task waits, the backoff stays below this. */
export const RETRY_WAITED_MAX_MS: f64 = 5000;

/** The largest integer that a float64 holds exactly. */
export const INTEGER_MAX: f64 = 9007199254740991;
