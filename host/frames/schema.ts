/** Schema 1 of the frames: every event and effect, its number, and its fields in order. The policy has the same table in its readers. */
import { type Field, field, list, named, pairs, quiet, record } from './shapes.ts';

export const SCHEMA = 1;
/** The largest event frame, bytes. */
export const FRAME_MAX = 256 * 1024;

export interface Kind {
  readonly type: string;
  readonly number: number;
  readonly fields: readonly Field[];
}

const mount = record(
  field('target'),
  field('mountId'),
  field('source'),
  field('fstype'),
  field('root'),
  field('dev'),
);

const requested = record(
  field('driver'),
  field('name'),
  field('options', pairs),
  field('containerPath'),
  field('readonly'),
);

const container = record(
  field('id'),
  field('labels'),
  field('env'),
  field('volumes', list(requested)),
  field('resources', pairs),
  field('sandbox'),
  field('rootfs'),
  field('user'),
);

const recovered = record(
  field('id'),
  field('labels'),
  field('env'),
  field('volumes', list(requested)),
  field('sandbox'),
  field('rootfs'),
  field('pid'),
  field('mounts', list(mount)),
);

const driver = [
  field('address'),
  field('sharing'),
  field('readonly'),
  field('create'),
  field('createOptions'),
  field('mountNeverCreates'),
  field('plainDirs'),
  field('maxInFlight'),
  field('mountMs'),
  field('unmountMs'),
  field('lingerMs'),
  field('chown'),
];

const config = record(
  field('agentId'),
  field('root'),
  field('defaultDriver'),
  field('prepareMs'),
  field('settleMs'),
  field('lingerMs'),
  field('retryMaxMs'),
  field('allowedTargets'),
  field('drivers', named(...driver)),
  field('volumes', named(field('sharing'), field('readonly'), field('lingerMs'))),
  field('offers', named(field('driver'), field('volumes'))),
  field('requireOffer'),
  field('discovered'),
);

const failure = record(field('code'), field('message'), field('kind'));
const call = field('call');

/** What an event that cannot be encoded becomes: the policy answers `call`, or alerts, with `why`. */
export const UNREADABLE: Kind = { type: 'unreadable', number: 0, fields: [call, field('why')] };

export const EVENTS: readonly Kind[] = [
  UNREADABLE,
  { type: 'configure', number: 1, fields: [call, field('config', config)] },
  {
    type: 'recover',
    number: 2,
    fields: [
      call,
      field('journal'),
      field('bootId'),
      field('containers', list(recovered)),
      field('orphans'),
      field('mounts', list(mount)),
      field('part'),
      field('last'),
    ],
  },
  { type: 'restart', number: 3, fields: [field('bootId'), field('mounts', list(mount))] },
  { type: 'prepare', number: 4, fields: [call, field('container', container)] },
  { type: 'isolate', number: 5, fields: [call, field('id'), field('pid')] },
  { type: 'update', number: 6, fields: [call, field('id'), field('resources', pairs)] },
  { type: 'destroy', number: 7, fields: [call, field('id')] },
  { type: 'cleanup', number: 8, fields: [call, field('id')] },
  {
    type: 'done',
    number: 9,
    fields: [field('effect'), field('ok'), field('value'), field('error', failure)],
  },
  { type: 'lost', number: 10, fields: [field('target')] },
  { type: 'operator', number: 11, fields: [call, field('verb'), field('driver'), field('name')] },
  { type: 'swap', number: 12, fields: [field('digest')] },
  { type: 'tick', number: 13, fields: [] },
];

const effect = field('effect');
const deadline = field('deadlineMs');
const answer = record(field('source'), field('target'), field('readonly'));

export const EFFECTS: readonly Kind[] = [
  {
    type: 'driver',
    number: 1,
    fields: [
      effect,
      field('op'),
      field('driver'),
      field('name'),
      field('id'),
      field('options', pairs),
      deadline,
    ],
  },
  {
    type: 'bind',
    number: 2,
    fields: [
      effect,
      field('source'),
      field('target'),
      field('readonly'),
      field('owner'),
      quiet('plain'),
      deadline,
    ],
  },
  { type: 'detach', number: 3, fields: [effect, field('target'), field('mountId'), deadline] },
  {
    type: 'observe',
    number: 4,
    fields: [effect, field('driver'), field('name'), field('witness'), deadline],
  },
  {
    type: 'place',
    number: 5,
    fields: [
      effect,
      field('id'),
      field('targets', list(record(field('base'), field('path')))),
      field('user'),
      deadline,
    ],
  },
  {
    type: 'reply',
    number: 6,
    fields: [
      call,
      field('ok'),
      field('mounts', list(answer)),
      field('error', record(field('code'), field('message'), field('hint'))),
    ],
  },
  { type: 'limit', number: 7, fields: [field('id'), field('reason')] },
  { type: 'wake', number: 8, fields: [field('at')] },
  {
    type: 'alert',
    number: 9,
    fields: [field('level'), field('code'), field('message'), field('container'), field('volume')],
  },
];
