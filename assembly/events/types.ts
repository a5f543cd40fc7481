/** The number that stands for each event in a frame. */
/** Something that the host could not encode; the policy answers that. */
export const UNREADABLE: i32 = 0;
export const CONFIGURE: i32 = 1;
export const RECOVER: i32 = 2;
export const RESTART: i32 = 3;
export const PREPARE: i32 = 4;
export const ISOLATE: i32 = 5;
export const UPDATE: i32 = 6;
export const DESTROY: i32 = 7;
export const CLEANUP: i32 = 8;
export const DONE: i32 = 9;
export const LOST: i32 = 10;
export const OPERATOR: i32 = 11;
export const SWAP: i32 = 12;
export const TICK: i32 = 13;
