import { same } from './same.ts';

/** Faults in assembly/effects/ that make no difference. */
export const EFFECTS = [
  ...same('effects/emit.ts', 'set anew at the begin of each step', [
    ['', 'let count: i32 = 0;', 'let count: i32 = 1;'],
    ['', 'let place: i32 = 0;', 'let place: i32 = 1;'],
  ]),
  ...same('effects/emit.ts', 'a guard: next begins nothing on a volume that is busy', [
    ['begin', "assert(!volume.busy, 'two effects on one volume');", ''],
  ]),
];
