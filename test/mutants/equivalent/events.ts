import { same } from './same.ts';

/** Faults in assembly/events/ that make no difference. */
export const EVENTS = [
  ...same('events/container.ts', 'every volume that is read sets it', [
    ['VolumeInfo', 'readonly: bool = false;', 'readonly: bool = true;'],
  ]),
  ...same('events/container.ts', 'an empty SET gives no more than a scalar', [
    [
      'isArrayNext',
      'return (lead >= 0x90 && lead <= 0x9f) || lead == 0xdc || lead == 0xdd;',
      'return (lead > 0x90 && lead <= 0x9f) || lead == 0xdc || lead == 0xdd;',
    ],
    [
      'isArrayNext',
      'return (lead >= 0x90 && lead <= 0x9f) || lead == 0xdc || lead == 0xdd;',
      'return (lead >= 145 && lead <= 0x9f) || lead == 0xdc || lead == 0xdd;',
    ],
  ]),
  ...same('events/container.ts', 'a scalar gives no volumes: nobody asks for its name', [
    ['readResources', 'list.push(new ResourceInfo(name, []));', ''],
  ]),
  ...same('events/outcome.ts', 'the kind failed is told by being none of the other three', [
    ['readOutcome', "outcome.kind = 'failed';", ''],
  ]),
  ...same('events/outcome.ts', 'a reader that has failed reads nothing more, and keeps its first error', [
    ['readError', 'return;', ''],
  ]),
];
