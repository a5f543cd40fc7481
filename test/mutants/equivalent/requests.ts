import { same } from './same.ts';

/** Faults in assembly/requests/ that make no difference. */
export const REQUESTS = [
  ...same(
    'requests/environment.ts',
    'in plain TypeScript alone: behind the end charCodeAt is NaN, which is no letter outside of the digits; in wasm it is -1, and no variable would be read',
    [
      [
        'suffixOf',
        'for (let i = start.length; i < key.length; i++)',
        'for (let i = start.length; i <= key.length; i++)',
      ],
    ],
  ),
  ...same('requests/label.ts', 'all these words have more than one letter', [
    [
      'badMode',
      "return new Refusal( BAD_LABEL, message, near.length > 0 ? 'did you mean ' + near + '?' : 'the mode is ro or rw', );",
      "return new Refusal( BAD_LABEL, message, near.length > 1 ? 'did you mean ' + near + '?' : 'the mode is ro or rw', );",
    ],
  ]),
  ...same('requests/long_label.ts', 'any number below 0 is no flag', [
    [
      'flagValue',
      "return value == 'false' || value == '0' ? 0 : -1;",
      "return value == 'false' || value == '0' ? 0 : -2;",
    ],
  ]),
  ...same('requests/long_label.ts', 'all these words have more than one letter', [
    [
      'unknownKey',
      "const hint = near.length > 0 ? 'did you mean ' + near + '?' : 'known are source, target, readonly, volume-driver, volume-opt, create';",
      "const hint = near.length > 1 ? 'did you mean ' + near + '?' : 'known are source, target, readonly, volume-driver, volume-opt, create';",
    ],
  ]),
];
