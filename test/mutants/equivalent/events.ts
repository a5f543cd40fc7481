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
  ...same(
    'events/config.ts',
    'every driver that is read sets it, and of one that is not configured nobody asks',
    [
      ['DriverConfig', 'exclusive: bool = false;', 'exclusive: bool = true;'],
      ['DriverConfig', 'readonly: bool = false;', 'readonly: bool = true;'],
      ['DriverConfig', 'create: bool = false;', 'create: bool = true;'],
      ['DriverConfig', 'maxInFlight: f64 = 16;', 'maxInFlight: f64 = 17;'],
      ['DriverConfig', 'maxInFlight: f64 = 16;', 'maxInFlight: f64 = 15;'],
    ],
  ),
  ...same(
    'events/config.ts',
    'of a driver that is not configured the linger is not asked: its volumes go at once',
    [
      ['DriverConfig', 'lingerMs: f64 = -1;', 'lingerMs: f64 = -2;'],
      ['DriverConfig', 'lingerMs: f64 = -1;', 'lingerMs: f64 = -0;'],
    ],
  ),
  ...same('events/config.ts', 'any number below 0 is no time of its own', [
    ['VolumeConfig', 'lingerMs: f64 = -1;', 'lingerMs: f64 = -2;'],
    [
      'readDriver',
      "driver.lingerMs = duration(r, field + '.lingerMs', -1);",
      "driver.lingerMs = duration(r, field + '.lingerMs', -2);",
    ],
    [
      'readVolume',
      "volume.lingerMs = duration(r, 'config.volumes.' + volume.key + '.lingerMs', -1);",
      "volume.lingerMs = duration(r, 'config.volumes.' + volume.key + '.lingerMs', -2);",
    ],
  ]),
  ...same('events/config.ts', 'every configuration that is read sets it', [
    ['Config', 'lingerMs: f64 = 0;', 'lingerMs: f64 = 1;'],
    ['Config', 'requireOffer: bool = false;', 'requireOffer: bool = true;'],
  ]),
  ...same('events/config.ts', 'nobody asks for the name of a driver that is not configured', [
    ['Config.driver', 'retired.name = name;', ''],
  ]),
  ...same('events/config.ts', 'a reader keeps its first error', [
    ['readConfig', 'if (!r.failed && config.prepareMs == 0)', 'if (config.prepareMs == 0)'],
  ]),
  ...same('events/container.ts', 'a reader keeps its first error', [
    ['readShared', 'if (!r.failed && info.id.length == 0)', 'if (info.id.length == 0)'],
  ]),
  ...same(
    'events/config.ts',
    'a reader that has failed gives nothing, and the configuration is thrown away',
    [
      ['readConfig', 'for (let i = 0; i < drivers && !r.failed; i++)', 'for (let i = 0; i < drivers; i++)'],
      ['readConfig', 'for (let i = 0; i < volumes && !r.failed; i++)', 'for (let i = 0; i < volumes; i++)'],
      ['readConfig', 'for (let i = 0; i < offers && !r.failed; i++)', 'for (let i = 0; i < offers; i++)'],
    ],
  ),
  ...same('events/container.ts', 'only a recovery asks, and each container of one that is read sets it', [
    ['ContainerInfo', 'pid: f64 = 0;', 'pid: f64 = 1;'],
  ]),
  ...same('events/mount.ts', 'every mount that is read sets it', [
    ['Mount', 'mountId: f64 = 0;', 'mountId: f64 = 1;'],
  ]),
  ...same('events/outcome.ts', 'every outcome that is read sets it', [
    ['Outcome', 'effect: f64 = 0;', 'effect: f64 = 1;'],
    ['Outcome', 'ok: bool = false;', 'ok: bool = true;'],
  ]),
  ...same('events/outcome.ts', 'of an end that went well nobody asks for the kind', [
    ['readOutcome', 'if (!outcome.ok && outcome.kind.length == 0)', 'if (outcome.kind.length == 0)'],
  ]),
  ...same('events/outcome.ts', 'the kind failed is told by being none of the other three', [
    [
      'readOutcome',
      'if (!outcome.ok && outcome.kind.length == 0)',
      'if (!outcome.ok && outcome.kind.length == 1)',
    ],
  ]),
  ...same('events/outcome.ts', 'a reader that has failed gives nothing, and the outcome is thrown away', [
    ['readValue', 'for (let i = 0; i < count && !r.failed; i++)', 'for (let i = 0; i < count; i++)'],
    ['readManaged', 'for (let i = 0; i < count && !r.failed; i++)', 'for (let i = 0; i < count; i++)'],
    ['readManaged', 'for (let j = 0; j < fields && !r.failed; j++)', 'for (let j = 0; j < fields; j++)'],
    ['readDriver', 'for (let i = 0; i < count && !r.failed; i++)', 'for (let i = 0; i < count; i++)'],
    ['readPins', 'for (let i = 0; i < count && !r.failed; i++)', 'for (let i = 0; i < count; i++)'],
    ['readPins', 'for (let j = 0; j < fields && !r.failed; j++)', 'for (let j = 0; j < fields; j++)'],
  ]),
  ...same('events/outcome.ts', 'only an observe asks, and what it says of that stands under driver', [
    ['readValue', 'outcome.saysExists = true;', ''],
    ['readValue', 'outcome.saysExists = true;', 'outcome.saysExists = false;'],
  ]),
  ...same('events/outcome.ts', 'a list of its own that is empty is as good as the shared one', [
    ['readManaged', 'return;', ''],
    ['readPins', 'return;', ''],
  ]),
  ...same('events/types.ts', 'nobody asks for it: what is none of the others is a tick', [
    ['', 'export const TICK: i32 = 13;', 'export const TICK: i32 = 14;'],
    ['', 'export const TICK: i32 = 13;', 'export const TICK: i32 = 12;'],
  ]),
];
