import { same } from './same.ts';

/** Faults in what assembly/decide/ says of volumes that make no difference. */
export const DECIDE_VOLUMES = [
  ...same(
    'decide/done.ts',
    "whatever takes an effect from its owner takes it out of inFlight too, so an effect that is in flight is its owner's",
    [['done', 'if (container && container.placing == outcome.effect)', 'if (container)']],
  ),
  ...same(
    'decide/done.ts',
    'a mount is begun at retryAt or later, and what is due by then clears it in the same step',
    [['mounted', 'volume.retryAt = 0;', '']],
  ),
  ...same('decide/done.ts', 'nothing reads ok behind this place', [
    ['mounted', 'outcome.ok = false;', ''],
    ['mounted', 'outcome.ok = false;', 'outcome.ok = true;'],
  ]),
  ...same('decide/done.ts', '1 less than 1 is the 0 of the other way', [
    [
      'unmounted',
      'volume.owedMin = !isLast && volume.owedMin > 0 ? volume.owedMin - 1 : 0;',
      'volume.owedMin = !isLast && volume.owedMin > 1 ? volume.owedMin - 1 : 0;',
    ],
    [
      'unmounted',
      'volume.owedMax = !isLast && volume.owedMax > 0 ? volume.owedMax - 1 : 0;',
      'volume.owedMax = !isLast && volume.owedMax > 1 ? volume.owedMax - 1 : 0;',
    ],
  ]),
  ...same('decide/done.ts', 'what is as much already is set to the same', [
    ['unmounted', 'if (volume.owedStale > volume.owedMax)', 'if (volume.owedStale >= volume.owedMax)'],
  ]),
  ...same('decide/done.ts', 'an unmount is only sent while at least one may be owed', [
    [
      'unmounted',
      'volume.owedMax = !isLast && volume.owedMax > 0 ? volume.owedMax - 1 : 0;',
      'volume.owedMax = !isLast ? volume.owedMax - 1 : 0;',
    ],
    [
      'unmounted',
      'volume.owedMax = !isLast && volume.owedMax > 0 ? volume.owedMax - 1 : 0;',
      'volume.owedMax = !isLast && volume.owedMax >= 0 ? volume.owedMax - 1 : 0;',
    ],
  ]),
  ...same(
    'decide/next.ts',
    'at the same time: only the timer is pushed once more, and the second one is passed over',
    [['waitForUnmount', 'if (volume.retryAt < volume.vanishAt)', 'if (volume.retryAt <= volume.vanishAt)']],
  ),
  ...same(
    'decide/next.ts',
    'only the compiler asks: what is looked up is always there, since attach, dropUser and dropContainer keep containers and volumes together',
    [
      ['wantsMode', 'if (!container || container.phase == LIMITED)', 'if (container.phase == LIMITED)'],
      ['wantsMode', 'if (request && request.readonly == readonly)', 'if (request.readonly == readonly)'],
      ['wantsCreate', 'if (!container || container.phase != PREPARING)', 'if (container.phase != PREPARING)'],
      ['wantsCreate', 'if (request && request.create)', 'if (request.create)'],
      [
        'waitLimit',
        'if (container && container.phase == PREPARING && container.deadlineAt - state.now > longest)',
        'if (container.phase == PREPARING && container.deadlineAt - state.now > longest)',
      ],
      ['limitTheLost', 'if (!container || container.phase != READY)', 'if (container.phase != READY)'],
    ],
  ),
  ...same('decide/next.ts', 'both ways lead to the same value where the two sides are equal', [
    [
      'waitLimit',
      'if (container && container.phase == PREPARING && container.deadlineAt - state.now > longest)',
      'if (container && container.phase == PREPARING && container.deadlineAt - state.now >= longest)',
    ],
    [
      'waitLimit',
      'return longest > 0 && longest < GET_MS ? longest : GET_MS;',
      'return longest > 0 && longest <= GET_MS ? longest : GET_MS;',
    ],
  ]),
  ...same(
    'decide/observed.ts',
    'at the same time: only the timer is pushed once more, and the second one is passed over',
    [['seeDriver', 'if (volume.retryAt > volume.settleAt)', 'if (volume.retryAt >= volume.settleAt)']],
  ),
  ...same(
    'decide/operator.ts',
    'nothing is owed or uncertain then: it is only taken off the record once more',
    [['forget', 'return state.volumes.delete(volume);', 'state.volumes.delete(volume);']],
  ),
  ...same('decide/operator.ts', 'all these words have more than one letter', [
    [
      'operator',
      "return emitRefusal( call, 'bad-frame', 'verb: unknown verb \"' + verb + '\"', near.length > 0 ? 'did you mean ' + near + '?' : 'known are ' + listed(VERBS), );",
      "return emitRefusal( call, 'bad-frame', 'verb: unknown verb \"' + verb + '\"', near.length > 1 ? 'did you mean ' + near + '?' : 'known are ' + listed(VERBS), );",
    ],
  ]),
  ...same(
    'decide/paths.ts',
    '.ro is no name of a driver: both ways there is no volume, and the mount is none of ours',
    [['parseManaged', "if (parts.length == 2 && parts[0] != '.ro')", 'if (parts.length == 2)']],
  ),
  ...same(
    'decide/paths.ts',
    '.ro is no name of a driver or volume: both ways there is no volume, and the mount is none of ours',
    [
      [
        'parseManaged',
        "if (parts.length == 2 && parts[0] != '.ro')",
        "if (parts.length == 2 && parts[1] != '.ro')",
      ],
    ],
  ),
  ...same('decide/retry.ts', 'what is doubled too often is cut to the same most', [
    ['backoff', 'for (let i = 1; i < attempt && delay < most; i++)', 'for (let i = 1; i < attempt; i++)'],
    [
      'backoff',
      'for (let i = 1; i < attempt && delay < most; i++)',
      'for (let i = 1; i < attempt && delay <= most; i++)',
    ],
  ]),
  ...same('decide/retry.ts', 'both ways lead to the same value where the two sides are equal', [
    ['backoff', 'if (delay > most)', 'if (delay >= most)'],
    [
      'retryLater',
      'const most = countUsers(volume, PREPARING) > 0 && longest > RETRY_WAITED_MAX_MS ? RETRY_WAITED_MAX_MS : longest;',
      'const most = countUsers(volume, PREPARING) > 0 && longest >= RETRY_WAITED_MAX_MS ? RETRY_WAITED_MAX_MS : longest;',
    ],
  ]),
  ...same('decide/retry.ts', 'most is whole: above 0 and not above 1 is 1', [
    [
      'retryLater',
      'state.retryVolume(volume, state.now + backoff(volume.key, volume.attempt, most > 0 ? most : 1));',
      'state.retryVolume(volume, state.now + backoff(volume.key, volume.attempt, most > 1 ? most : 1));',
    ],
  ]),
  ...same('decide/done.ts', 'the mount of number 1 was there before any driver, and before any of ours', [
    ['uncover', 'if (mountId > 0)', 'if (mountId > 1)'],
  ]),
  ...same(
    'decide/done.ts',
    'a mode is bound only where none is, and the look or the detach that shows none has cleared it',
    [['bound', 'volume.suspect &= ~v.modeBit(readonly);', '']],
  ),
  ...same('decide/done.ts', 'the bind that follows clears it, and while there is none nobody asks', [
    ['uncover', 'volume.suspect &= ~bit;', ''],
  ]),
  ...same('decide/lost.ts', 'a path of one letter is /, the loss of which nobody outlives', [
    [
      'volumesWithin',
      'if (each.mountpoint.length > 0 && isWithin(each.mountpoint, target))',
      'if (each.mountpoint.length > 1 && isWithin(each.mountpoint, target))',
    ],
  ]),
  ...same(
    'decide/next.ts',
    'nothing is suspect that is not there: the look or the detach that shows none has cleared it',
    [
      [
        'isSuspect',
        'return (readonly ? volume.ro : volume.rw) == v.YES && wantsMode(volume, readonly);',
        'return wantsMode(volume, readonly);',
      ],
    ],
  ),
  ...same('decide/next.ts', 'attach has cleared it, and no look sets it while there are users', [
    ['acquire', 'volume.witnessed = false;', ''],
  ]),
  ...same('decide/observed.ts', 'the bind that follows clears it, and while there is none nobody asks', [
    ['seeBinds', 'volume.suspect &= ~v.RW;', ''],
    ['seeBinds', 'volume.suspect &= ~v.RO;', ''],
  ]),
  ...same('decide/observed.ts', 'what is seen later is no mount of the record: it is suspect as such', [
    ['seeBinds', 'volume.suspect |= volume.binding;', ''],
  ]),
  ...same(
    'decide/observed.ts',
    'at the same time: only the timer is pushed once more, and the second one is passed over',
    [['seeBinds', 'if (volume.retryAt > volume.bindUntil)', 'if (volume.retryAt >= volume.bindUntil)']],
  ),
  ...same('decide/observed.ts', 'the mount of number 1 was there before any driver, and before any of ours', [
    ['seeDriver', 'if (outcome.pathMountId > 0)', 'if (outcome.pathMountId > 1)'],
  ]),
  ...same(
    'decide/next.ts',
    'until then everything is uncertain, and no look is begun before the pause is over',
    [['next', 'return waitForUnmount(volume);', 'waitForUnmount(volume);']],
  ),
  ...same('decide/observed.ts', 'the number only becomes another one where a mount is seen', [
    [
      'seeManaged',
      'if (volume.rw == v.YES && volume.rwMountId != rwBefore)',
      'if (volume.rwMountId != rwBefore)',
    ],
    [
      'seeManaged',
      'if (volume.ro == v.YES && volume.roMountId != roBefore)',
      'if (volume.roMountId != roBefore)',
    ],
  ]),
  ...same('decide/observed.ts', 'a path of one letter is /, which no driver hands out', [
    [
      'seeDriver',
      'if (!volume.plainDirs && volume.mountpoint.length > 0)',
      'if (!volume.plainDirs && volume.mountpoint.length > 1)',
    ],
    [
      'seeNothing',
      'if (volume.plainDirs && volume.owedMin > 0 && !volume.unmountTried && volume.mountpoint.length > 0)',
      'if (volume.plainDirs && volume.owedMin > 0 && !volume.unmountTried && volume.mountpoint.length > 1)',
    ],
  ]),
];
