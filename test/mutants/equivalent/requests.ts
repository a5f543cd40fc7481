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
  ...same('requests/gather.ts', 'the first one stays where it is', [
    ['sortByPath', 'for (let i = 1; i < list.length; i++)', 'for (let i = 0; i < list.length; i++)'],
  ]),
  ...same('requests/gather.ts', 'no two requests have one path', [
    [
      'sortByPath',
      'while (at > 0 && list[at - 1].path > request.path)',
      'while (at > 0 && list[at - 1].path >= request.path)',
    ],
  ]),
  ...same('requests/label.ts', 'behind the end is no letter: NaN, or -1 in wasm', [
    ['isLong', 'for (let i = 0; i < text.length; i++)', 'for (let i = 0; i <= text.length; i++)'],
  ]),
  ...same('requests/long_label.ts', 'a field that begins with = is refused, whatever stands behind', [
    [
      'parseField',
      "const value = equals < 0 ? '' : field.substring(equals + 1);",
      "const value = equals <= 0 ? '' : field.substring(equals + 1);",
    ],
    [
      'parseField',
      "const value = equals < 0 ? '' : field.substring(equals + 1);",
      "const value = equals < 1 ? '' : field.substring(equals + 1);",
    ],
  ]),
  ...same('requests/long_label.ts', 'a field that begins with = is refused, whatever stands behind', [
    [
      'parseField',
      'return parseFlag(key, value, equals >= 0, position, origin, request, given);',
      'return parseFlag(key, value, equals > 0, position, origin, request, given);',
    ],
    [
      'parseField',
      'return parseFlag(key, value, equals >= 0, position, origin, request, given);',
      'return parseFlag(key, value, equals >= 1, position, origin, request, given);',
    ],
  ]),
  ...same('requests/request.ts', 'the two words only have to differ', [
    [
      'Request.meaning',
      "let text = this.key + '\\n' + this.path + (this.readonly ? '\\nro' : '\\nrw') + (this.create ? '\\ncreate' : '\\n');",
      "let text = this.key + '\\n' + this.path + (!(this.readonly) ? '\\nro' : '\\nrw') + (this.create ? '\\ncreate' : '\\n');",
    ],
    [
      'Request.meaning',
      "let text = this.key + '\\n' + this.path + (this.readonly ? '\\nro' : '\\nrw') + (this.create ? '\\ncreate' : '\\n');",
      "let text = this.key + '\\n' + this.path + (this.readonly ? '\\nro' : '\\nrw') + (!(this.create) ? '\\ncreate' : '\\n');",
    ],
  ]),
];
