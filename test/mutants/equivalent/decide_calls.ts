import { OF_VARIANTS, same } from './same.ts';

/** Faults in how assembly/decide/ takes calls, containers and recoveries that make no difference. */
export const DECIDE_CALLS = [
  ...same(
    'decide/ending.ts',
    'backward itself looks whether anybody is kept back: next then begins nothing',
    [
      ['leaveQuarantine', 'if (state.quarantine.length > 0)', 'if (state.quarantine.length > 1)'],
      ['leaveQuarantine', 'return;', '', 2],
    ],
  ),
  ...same('decide/prepare.ts', 'without a configuration there is no recovery either', [
    [
      'prepare',
      'if (!state.config || !state.recovered || state.recovering !== null)',
      'if (!state.recovered || state.recovering !== null)',
    ],
  ]),
  ...same(
    'decide/prepare.ts',
    'when the container has failed its other volumes have no user left by it: next begins nothing',
    [
      [
        'begin',
        'for (let i = 0; i < requests.length && container.phase == PREPARING; i++)',
        'for (let i = 0; i < requests.length; i++)',
      ],
    ],
  ),
  ...same('decide/prepare.ts', 'a list of pairs has no length of 1', [
    [
      'admitUse',
      'if (request.options.length > 0 && isInUse && !sameOptions(request.options, volume.options))',
      'if (request.options.length > 1 && isInUse && !sameOptions(request.options, volume.options))',
    ],
  ]),
  ...same('decide/prepare.ts', 'all these words have more than one letter', [
    [
      'admitUse',
      "const exclusive = sharing.length > 0 ? sharing == 'exclusive' : config.driver(request.driver).exclusive;",
      "const exclusive = sharing.length > 1 ? sharing == 'exclusive' : config.driver(request.driver).exclusive;",
    ],
    [
      'expire',
      'const code = volume && volume.failureCode.length > 0 ? volume.failureCode : TIMEOUT;',
      'const code = volume && volume.failureCode.length > 1 ? volume.failureCode : TIMEOUT;',
    ],
  ]),
  ...same(
    'decide/prepare.ts',
    'next and advance begin nothing a second time: to call them once more changes nothing',
    [['again', 'return;', '']],
  ),
  ...same(
    'decide/prepare.ts',
    'only the compiler asks: what is looked up is always there, since attach, dropUser and dropContainer keep containers and volumes together',
    [
      [
        'isThere',
        'if (!volume || !volume.mountedForUs || volume.isStale(request.readonly))',
        'if (!volume.mountedForUs || volume.isStale(request.readonly))',
      ],
      ['failWaiters', 'if (container && container.calls.length > 0)', 'if (container.calls.length > 0)'],
      [
        'expire',
        "const why = volume && volume.failure.length > 0 ? '; last: ' + volume.failure : '';",
        "const why = volume.failure.length > 0 ? '; last: ' + volume.failure : '';",
      ],
      [
        'expire',
        'const code = volume && volume.failureCode.length > 0 ? volume.failureCode : TIMEOUT;',
        'const code = volume.failureCode.length > 0 ? volume.failureCode : TIMEOUT;',
      ],
    ],
  ),
  ...same(
    'decide/prepare.ts',
    'without an open call there is nothing to answer, and a waiter always has one',
    [
      ['failWaiters', 'if (container && container.calls.length > 0)', 'if (container)'],
      [
        'failWaiters',
        'if (container && container.calls.length > 0)',
        'if (container && container.calls.length >= 0)',
      ],
    ],
  ),
  ...same(
    'decide/prepare.ts',
    'a failure names the operation and the volume: it has more than one letter; the bare words of a Get are answered at once',
    [
      [
        'expire',
        "const why = volume && volume.failure.length > 0 ? '; last: ' + volume.failure : '';",
        "const why = volume && volume.failure.length > 1 ? '; last: ' + volume.failure : '';",
      ],
    ],
  ),
  ...same(
    'decide/prepare.ts',
    'its calls are answered by then, and there is nothing to answer for another volume',
    [
      [
        'expire',
        "return giveUp(container, code, message, 'look at driver ' + request.driver + ', or raise prepareMs');",
        "giveUp(container, code, message, 'look at driver ' + request.driver + ', or raise prepareMs');",
      ],
    ],
  ),
  ...same('decide/recover.ts', 'any time below 0 is the time of no wake-up', [
    ['recover', 'state.wakeAt = -1;', 'state.wakeAt = -2;'],
    ['restart', 'state.wakeAt = -1;', 'state.wakeAt = -2;'],
  ]),
  ...same(
    'decide/recover.ts',
    'the container is off the record by then: what is changed of it is seen by nobody',
    [['keepKnown', 'continue;', '']],
  ),
  ...same(
    'decide/recover.ts',
    'only the compiler asks: what is looked up is always there, since attach, dropUser and dropContainer keep containers and volumes together',
    [['dropContainer', 'continue;', '']],
  ),
  ...same('decide/adopt_mounts.ts', 'the kernel calls a file system MAJOR:MINOR, three characters at least', [
    [
      'findDriverMounts',
      'if (found.rwDev.length > 0 && volume.rwFromId == 0)',
      'if (found.rwDev.length > 1 && volume.rwFromId == 0)',
    ],
    [
      'findDriverMounts',
      'if (found.roDev.length > 0 && volume.roFromId == 0)',
      'if (found.roDev.length > 1 && volume.roFromId == 0)',
    ],
  ]),
  ...same('decide/adopt_container.ts', OF_VARIANTS, [
    ['adoptContainer', 'shape(gathered.list, remark);', ''],
    ['adoptContainer', 'container.remark = remark;', ''],
  ]),
  ...same('decide/prepare.ts', OF_VARIANTS, [
    ['prepare', 'shape(requests.list, remark);', ''],
    ['begin', 'container.remark = remark;', ''],
  ]),
  ...same('decide/adopt_container.ts', 'a refused list is empty', [
    ['adoptContainer', 'gathered.list = [];', ''],
  ]),
  ...same(
    'decide/release.ts',
    'a container that is released is a user of all that it asks for: the end is never reached without one',
    [['dropUser', 'return false;', 'return true;']],
  ),
  ...same(
    'decide/release.ts',
    'only the compiler asks: what is looked up is always there, since attach, dropUser and dropContainer keep containers and volumes together',
    [
      ['release', 'if (!volume || !dropUser(volume, container.id))', 'if (!dropUser(volume, container.id))'],
      ['release', 'continue;', ''],
    ],
  ),
  ...same('decide/release.ts', 'attach has set it to 0, and nothing sets it while there are users', [
    ['release', 'volume.lingerAt = 0;', ''],
  ]),
  ...same('decide/step.ts', 'no type is below the first one', [
    [
      'hasCall',
      'return ( (type >= types.UNREADABLE && type <= types.CLEANUP && type != types.RESTART) || type == types.OPERATOR );',
      'return ( (type <= types.CLEANUP && type != types.RESTART) || type == types.OPERATOR );',
    ],
  ]),
  ...same('decide/step.ts', 'the host refuses such a size before; a guard against another host', [
    [
      'stepEvent',
      'const r = input.open(inputRegion(FRAME_MAX), size < 0 || size > FRAME_MAX ? 0 : size);',
      'const r = input.open(inputRegion(FRAME_MAX), size < 0 ? 0 : size);',
    ],
    [
      'stepEvent',
      'const r = input.open(inputRegion(FRAME_MAX), size < 0 || size > FRAME_MAX ? 0 : size);',
      'const r = input.open(inputRegion(FRAME_MAX), size > FRAME_MAX ? 0 : size);',
    ],
    [
      'stepEvent',
      'const r = input.open(inputRegion(FRAME_MAX), size < 0 || size > FRAME_MAX ? 0 : size);',
      'const r = input.open(inputRegion(FRAME_MAX), size < 0 || size > FRAME_MAX ? 1 : size);',
    ],
  ]),
  ...same('decide/step.ts', 'a frame of 0 bytes is read as one of 0 bytes', [
    [
      'stepEvent',
      'const r = input.open(inputRegion(FRAME_MAX), size < 0 || size > FRAME_MAX ? 0 : size);',
      'const r = input.open(inputRegion(FRAME_MAX), size <= 0 || size > FRAME_MAX ? 0 : size);',
    ],
    [
      'stepEvent',
      'const r = input.open(inputRegion(FRAME_MAX), size < 0 || size > FRAME_MAX ? 0 : size);',
      'const r = input.open(inputRegion(FRAME_MAX), size < 1 || size > FRAME_MAX ? 0 : size);',
    ],
  ]),
  ...same(
    'decide/step.ts',
    'the host refuses such a size before; FRAME_MAX itself is never a whole frame: the largest is refused for what is in it',
    [
      [
        'stepEvent',
        'const r = input.open(inputRegion(FRAME_MAX), size < 0 || size > FRAME_MAX ? 0 : size);',
        'const r = input.open(inputRegion(FRAME_MAX), size < 0 || size >= FRAME_MAX ? 0 : size);',
      ],
    ],
  ),
  ...same('decide/step.ts', 'a reader keeps its first error', [
    [
      'stepEvent',
      "if (!r.failed && r.integer('schema', 0, INTEGER_MAX) != SCHEMA)",
      "if (r.integer('schema', 0, INTEGER_MAX) != SCHEMA)",
    ],
    ['stepEvent', 'if (!r.failed && count != FIELDS[type])', 'if (count != FIELDS[type])'],
  ]),
  ...same('decide/step.ts', 'any number below 0 is no call', [
    ['stepEvent', 'let call: f64 = -1;', 'let call: f64 = -2;'],
    ['told', 'return refuseFrame(-1, r);', 'return refuseFrame(-2, r);'],
    ['told', 'return refuseFrame(-1, r);', 'return refuseFrame(-2, r);', 2],
    ['told', 'return refuseFrame(-1, r);', 'return refuseFrame(-2, r);', 3],
    ['told', 'refuseFrame(-1, r);', 'refuseFrame(-2, r);'],
  ]),
  ...same('decide/step.ts', 'a reader that has failed gives no number: the call stays unread', [
    ['stepEvent', 'if (!r.failed && hasCall(type))', 'if (hasCall(type))'],
  ]),
  ...same('decide/nested.ts', 'behind the end is no dot: NaN, or -1 in wasm', [
    ['isNested', 'for (let i = id.length - 1; i > 0; i--)', 'for (let i = id.length + 1; i > 0; i--)'],
    ['isNested', 'for (let i = id.length - 1; i > 0; i--)', 'for (let i = id.length - 0; i > 0; i--)'],
  ]),
  ...same('decide/nested.ts', 'no container has an empty name', [
    ['isNested', 'for (let i = id.length - 1; i > 0; i--)', 'for (let i = id.length - 1; i >= 0; i--)'],
  ]),
  ...same('decide/step.ts', 'both ways lead to the same value where the two sides are equal', [
    ['stepEvent', 'if (at > state.now)', 'if (at >= state.now)'],
  ]),
  ...same('decide/step.ts', 'only an isolate gives one, and it reads its own', [
    ['calledFor', 'let pid: f64 = 0;', 'let pid: f64 = 1;'],
  ]),
  ...same('decide/step.ts', 'a reader keeps its first error', [
    [
      'readRecover',
      "if (!r.failed && journal != 'whole' && journal != 'new' && journal != 'damaged')",
      "if (journal != 'whole' && journal != 'new' && journal != 'damaged')",
    ],
  ]),
  ...same('decide/step.ts', 'a reader that has failed gives nothing, and the recovery is thrown away', [
    ['readRecover', 'for (let i = 0; i < count && !r.failed; i++)', 'for (let i = 0; i < count; i++)'],
  ]),
  ...same('decide/step.ts', 'a reader keeps its first error', [
    ['readRecover', 'if (!r.failed && part > 0 && !state.recovering)', 'if (part > 0 && !state.recovering)'],
    [
      'readRecover',
      'if (!r.failed && before && before.parts != part)',
      'if (before && before.parts != part)',
    ],
  ]),
  ...same('decide/step.ts', 'behind it the frame is at its end, and nothing is left to do', [
    ['told', 'return done(outcome);', 'done(outcome);'],
    [
      'told',
      "return state.config ? restart(bootId, mounts) : tooEarly('restart');",
      "state.config ? restart(bootId, mounts) : tooEarly('restart');",
    ],
    [
      'told',
      "return state.config ? lost(target) : tooEarly('lost');",
      "state.config ? lost(target) : tooEarly('lost');",
    ],
  ]),
  ...same('decide/step.ts', 'without a configuration nothing was ever waited for: there are no timers', [
    ['fireTimers', 'if (!state.config || state.recovering !== null)', 'if (state.recovering !== null)'],
  ]),
];
