import { same } from './same.ts';

/** Faults in assembly/state/ that make no difference. */
export const STATE = [
  ...same('state/snapshot.ts', 'a reader keeps its first error', [
    ['readSnapshot', "if (whole(r, 'schema') != SCHEMA && !r.failed)", "if (whole(r, 'schema') != SCHEMA)"],
  ]),
  ...same('state/snapshot.ts', 'any time below 0 is the time of no wake-up', [
    ['readSnapshot', 'read.wakeAt = -1;', 'read.wakeAt = -2;'],
  ]),
  ...same(
    'state/snapshot.ts',
    'a reader that has failed gives zeros until the end of the list, and the state is thrown away',
    [['readContainer', 'for (let i = 0; i < calls && !r.failed; i++)', 'for (let i = 0; i < calls; i++)']],
  ),
  ...same('state/snapshot.ts', "a timer of the time 0 is nobody's, and is passed over", [
    ['readContainer', 'if (container.deadlineAt > 0)', 'if (container.deadlineAt >= 0)'],
  ]),
  ...same(
    'state/snapshot.ts',
    'a linger ends at 1 ms only in an agent that has mounted and given up within its first',
    [['readVolume', 'if (volume.lingerAt > 0)', 'if (volume.lingerAt > 1)']],
  ),
];
