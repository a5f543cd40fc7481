import { OF_VARIANTS, same } from './same.ts';

/** Faults in assembly/state/ that make no difference. */
export const STATE = [
  ...same('state/status.ts', 'every user of a volume has a record; the types want the question', [
    ['writeUsers', 'if (container && container.phase == phase)', 'if (container.phase == phase)'],
  ]),
  ...same('state/status.ts', 'only how far is walked to the entry that is asked for', [
    ['writeVolumes', 'lastVolume = each;', ''],
    ['writeRecords', 'lastVolume = each;', ''],
    ['writeContainers', 'lastContainer = each;', ''],
    ['writeCounts', 'lastVolume = each;', ''],
  ]),
  ...same(
    'state/words.ts',
    'of a volume that is wanted, certain and not mounted something is under way, or has failed',
    [['wordOfUsed', 'if (!volume.mountedForUs || volume.busy)', 'if (volume.busy)']],
  ),
  ...same('state/snapshot.ts', OF_VARIANTS, [
    [
      'writeHead',
      'out.number(f64(SCHEMA) + f64(SNAPSHOT_EXTENSION) * EXTENSIONS);',
      'out.number(f64(SCHEMA) - f64(SNAPSHOT_EXTENSION) * EXTENSIONS);',
    ],
    [
      'writeHead',
      'out.number(f64(SCHEMA) + f64(SNAPSHOT_EXTENSION) * EXTENSIONS);',
      'out.number(f64(SCHEMA) + f64(SNAPSHOT_EXTENSION) / EXTENSIONS);',
    ],
    [
      'writeContainer',
      'out.array(CONTAINER_FIELDS + CONTAINER_MORE);',
      'out.array(CONTAINER_FIELDS - CONTAINER_MORE);',
    ],
    ['writeContainer', 'writeRemark(container.remark);', ''],
    [
      'readHead',
      'extras.isOther = extension != 0 && extension != f64(SNAPSHOT_EXTENSION);',
      'extras.isOther = extension != 0;',
    ],
    [
      'readHead',
      'extras.isOther = extension != 0 && extension != f64(SNAPSHOT_EXTENSION);',
      'extras.isOther = extension != f64(SNAPSHOT_EXTENSION);',
    ],
    ['takeContainer', 'container.remark = readRemark(r);', ''],
    ['takeContainer', 'if (extras.more > 0)', 'if (extras.more > 1)'],
    ['readHead', 'extras.more = extension == f64(SNAPSHOT_EXTENSION) ? CONTAINER_MORE : 0;', ''],
    [
      'readHead',
      'extras.more = extension == f64(SNAPSHOT_EXTENSION) ? CONTAINER_MORE : 0;',
      'extras.more = extension != f64(SNAPSHOT_EXTENSION) ? CONTAINER_MORE : 0;',
    ],
  ]),
  ...same(
    'state/snapshot.ts',
    'a reader that has failed keeps its first error, and the state is thrown away',
    [
      ['takeContainer', 'return;', ''],
      ['takeVolume', 'return;', ''],
      ['skipMany', 'for (let i = 0; i < count && !r.failed; i++)', 'for (let i = 0; i < count; i++)'],
    ],
  ),
  ...same('state/snapshot.ts', 'readHead sets it, or the reader has failed and the state is thrown away', [
    ['Extras', 'whole: i32 = 0;', 'whole: i32 = 1;'],
    ['Extras', 'more: i32 = 0;', 'more: i32 = 1;'],
    ['Extras', 'isOther: bool = false;', 'isOther: bool = true;'],
  ]),
  ...same('state/snapshot.ts', 'fewer than none is refused in any case, and only that is asked here', [
    [
      'readHead',
      "if (!behind(r, 'snapshot', extras.whole, 0, extras.whole >= 0))",
      "if (!behind(r, 'snapshot', extras.whole, 1, extras.whole >= 0))",
    ],
    [
      'readHead',
      "if (!behind(r, 'snapshot', extras.whole, 0, extras.whole >= 0))",
      "if (!behind(r, 'snapshot', extras.whole, 0, extras.whole > 0))",
    ],
    [
      'readHead',
      "if (!behind(r, 'snapshot', extras.whole, 0, extras.whole >= 0))",
      "if (!behind(r, 'snapshot', extras.whole, 0, extras.whole >= 1))",
    ],
  ]),
  ...same('state/snapshot.ts', 'a reader keeps its first error', [
    [
      'readHead',
      'if (schema - extension * EXTENSIONS != f64(SCHEMA) && !r.failed)',
      'if (schema - extension * EXTENSIONS != f64(SCHEMA))',
    ],
  ]),
  ...same('state/snapshot.ts', 'any time below 0 is the time of no wake-up', [
    ['readEnd', 'read.wakeAt = -1;', 'read.wakeAt = -2;'],
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
  ...same('state/snapshot_pieces.ts', 'only how much is one piece', [
    ['', 'const PIECE: i32 = 32;', 'const PIECE: i32 = 33;'],
    ['', 'const PIECE: i32 = 32;', 'const PIECE: i32 = 31;'],
    ['', 'const ALL: i32 = 0x7fffffff;', 'const ALL: i32 = 2147483646;'],
    ['', 'const ALL: i32 = 0x7fffffff;', 'const ALL: i32 = 2147483648;'],
    [
      'Writing.write',
      'for (; this.container && left > 0; left--)',
      'for (; this.container && left >= 0; left--)',
    ],
    [
      'Writing.write',
      'for (; this.container && left > 0; left--)',
      'for (; this.container && left > 1; left--)',
    ],
    ['Writing.write', 'for (; this.volume && left > 0; left--)', 'for (; this.volume && left >= 0; left--)'],
    ['Writing.write', 'for (; this.volume && left > 0; left--)', 'for (; this.volume && left > 1; left--)'],
    [
      'Reading.take',
      'for (; this.left > 0 && room > 0 && !r.failed; room--, this.left--)',
      'for (; this.left > 0 && room >= 0 && !r.failed; room--, this.left--)',
    ],
    [
      'Reading.take',
      'for (; this.left > 0 && room > 0 && !r.failed; room--, this.left--)',
      'for (; this.left > 0 && room > 1 && !r.failed; room--, this.left--)',
    ],
    [
      'Reading.take',
      'for (; this.left > 0 && room > 0 && !r.failed; room--, this.left--)',
      'for (; this.left > 0 && room >= 0 && !r.failed; room--, this.left--)',
      2,
    ],
    [
      'Reading.take',
      'for (; this.left > 0 && room > 0 && !r.failed; room--, this.left--)',
      'for (; this.left > 0 && room > 1 && !r.failed; room--, this.left--)',
      2,
    ],
  ]),
  ...same(
    'state/snapshot_pieces.ts',
    'a reader that has failed gives zeros until the end of the list, and the state is thrown away',
    [
      [
        'Reading.take',
        'for (; this.left > 0 && room > 0 && !r.failed; room--, this.left--)',
        'for (; this.left > 0 && room > 0; room--, this.left--)',
      ],
      [
        'Reading.take',
        'for (; this.left > 0 && room > 0 && !r.failed; room--, this.left--)',
        'for (; this.left > 0 && room > 0; room--, this.left--)',
        2,
      ],
      ['Reading.take', 'if (this.left > 0 && !r.failed)', 'if (this.left > 0)'],
      ['Reading.take', 'if (this.left > 0 && !r.failed)', 'if (this.left > 0)', 2],
    ],
  ),
  ...same('state/snapshot_pieces.ts', 'it only has to be another number than CONTAINERS', [
    ['', 'const VOLUMES: i32 = 1;', 'const VOLUMES: i32 = 2;'],
  ]),
  ...same('state/snapshot_pieces.ts', 'begin sets it', [['Reading', 'left: i32 = 0;', 'left: i32 = 1;']]),
  ...same('state/snapshot_pieces.ts', 'begin makes a new one too; here it is for the memory', [
    ['Reading.give', 'this.read = new State();', ''],
  ]),
  ...same('state/container.ts', 'every container and every volume that is added is given one', [
    ['Container', 'seq: f64 = 0;', 'seq: f64 = 1;'],
  ]),
  ...same('state/volume.ts', 'every container and every volume that is added is given one', [
    ['Volume', 'seq: f64 = 0;', 'seq: f64 = 1;'],
  ]),
  ...same('state/container.ts', 'who uses a volume asks for it: the end is never reached', [
    [
      'Container.request',
      'for (let i = 0; i < this.requests.length; i++)',
      'for (let i = 0; i <= this.requests.length; i++)',
    ],
  ]),
  ...same('state/state.ts', 'of those stacked at one target the last counts, however many of them are kept', [
    [
      'Recovering.addMount',
      'if (last >= 0 && this.mounts[last].target == mount.target)',
      'if (last > 0 && this.mounts[last].target == mount.target)',
    ],
    [
      'Recovering.addMount',
      'if (last >= 0 && this.mounts[last].target == mount.target)',
      'if (last >= 1 && this.mounts[last].target == mount.target)',
    ],
  ]),
  ...same(
    'state/state.ts',
    'only how much is kept while a recovery comes in: more than two of a file system say the same as two',
    [
      ['Recovering.addMount', 'if (known >= 2)', 'if (known > 2)'],
      ['Recovering.addMount', 'if (known >= 2)', 'if (known >= 3)'],
      ['Recovering.addMount', 'return;', '', 2],
      ['Recovering.addMount', 'this.outside.set(mount.dev, known + 1);', ''],
      [
        'Recovering.addMount',
        'this.outside.set(mount.dev, known + 1);',
        'this.outside.set(mount.dev, known - 1);',
      ],
      [
        'Recovering.addMount',
        'this.outside.set(mount.dev, known + 1);',
        'this.outside.set(mount.dev, known + 0);',
      ],
    ],
  ),
  ...same('state/state.ts', 'only written with a configuration, which sets it', [
    ['State', 'configBytes: Uint8Array = new Uint8Array(0);', 'configBytes: Uint8Array = new Uint8Array(1);'],
  ]),
  ...same('state/state.ts', 'a guard: nothing is decided before there is a configuration', [
    ['State.configured', "assert(config !== null, 'decided without a configuration');", ''],
  ]),
  ...same('state/state.ts', 'attach has set it to 0, and nothing sets it while there are users', [
    [
      'State.isCurrent',
      'return volume.retryAt == timer.at || (volume.lingerAt == timer.at && volume.users.length == 0);',
      'return volume.retryAt == timer.at || (volume.lingerAt == timer.at);',
    ],
  ]),
  ...same(
    'state/state.ts',
    'only the compiler asks: what is looked up is always there, since attach, dropUser and dropContainer keep containers and volumes together',
    [['countUsers', 'if (container && container.phase == phase)', 'if (container.phase == phase)']],
  ),
  ...same(
    'state/status_record.ts',
    'the mode of a bind without an answer is unknown until it is seen or can no longer come, so the record is uncertain',
    [
      [
        'isSure',
        'return volume.suspect == 0 && volume.stacked == 0 && volume.binding == 0;',
        'return volume.suspect == 0 && volume.stacked == 0;',
      ],
    ],
  ),
  ...same('state/table.ts', 'only how entries are spread over the small maps', [
    ['', 'const SHARDS: i32 = 256;', 'const SHARDS: i32 = 257;'],
    ['', 'const SHARDS: i32 = 256;', 'const SHARDS: i32 = 255;'],
    ['shardOf', 'return i32(hash(key) & u32(SHARDS - 1));', 'return i32(hash(key) & u32(SHARDS - 2));'],
  ]),
  ...same('state/table.ts', 'a guard: nobody is added who is there', [
    ['Table.add', "assert(!shard.has(entry.key), 'two entries of one key');", ''],
  ]),
  ...same('state/table.ts', 'a guard: only what is there is taken out', [['Table.delete', 'return;', '']]),
  ...same('state/table.ts', 'what was taken out is not asked for its neighbours, nor added again', [
    ['Table.delete', 'entry.before = null;', ''],
    ['Table.delete', 'entry.after = null;', ''],
  ]),
  ...same('state/timers.ts', 'two timers of one owner and time are the same', [
    [
      'before',
      'return left.at < right.at || (left.at == right.at && left.seq < right.seq);',
      'return left.at < right.at || (left.at == right.at && left.seq <= right.seq);',
    ],
  ]),
  ...same('state/volume.ts', 'every volume that is added is told', [
    ['Volume', 'plainDirs: bool = false;', 'plainDirs: bool = true;'],
  ]),
  ...same('state/volume.ts', 'attach and forgetCertainty clear it before anybody asks', [
    ['Volume', 'witnessed: bool = false;', 'witnessed: bool = true;'],
  ]),
  ...same(
    'state/volume.ts',
    'while anything is uncertain nothing is unmounted, and the look that ends that says it anew',
    [['Volume.forgetCertainty', 'this.witnessed = false;', '']],
  ),
];
