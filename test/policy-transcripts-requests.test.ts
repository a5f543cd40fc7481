/** What is read out of labels, volumes, variables and resources; in test/transcripts/, read and found right. */
import { suite } from 'uvu';
import { compareTranscript, createTranscript } from './policy_transcript.ts';
import { CONFIG, prepareEvent } from './world.ts';

const transcripts = suite('policy: transcripts of requests');

/** The answer to a task, and what it is remembered to have asked for. */
function asked(
  more: Record<string, unknown>,
  config: Record<string, unknown> = {},
  labels: [string, string][] = [],
): string {
  const t = createTranscript({ config });
  t.tell(prepareEvent('c1', labels, more));
  t.state();
  const [, ...lines] = t.lines;
  return lines
    .filter((line) => !line.includes('wake') && !/= .*boot-1/.test(line))
    .map((line) => line.slice(2).trim())
    .filter((line) => !/^= \[\d+,"ebs"|^= \[\d+,"nfs"|^= \[\d+,"[a-z]+\/[^"]*",true/.test(line))
    .join(' | ');
}

const volume = (name: string, more: Record<string, unknown> = {}) => ({
  volumes: [{ driver: 'ebs', name, ...more }],
});
const many = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`);
const shorter = (text: string) => text.replace(/(.)\1{60,}/g, (run, letter) => `${letter}×${run.length}`);

function table(entries: Record<string, string>): string[] {
  return Object.entries(entries).map(([title, answer]) => shorter(`${title} -> ${answer}`));
}

transcripts('names take letters, digits and, behind the first, three signs, and nothing beside them', () => {
  const letters = ['', ...'-./0189:@AZ[^_`az{,é'];
  const names = [...letters.map((letter) => `a${letter}`), ...letters.slice(1).map((letter) => `${letter}b`)];
  const entries = [...names, 'abc-', 'abc_', 'n'.repeat(255), 'n'.repeat(256)].map((name) => [
    name,
    asked(volume(name)),
  ]);
  const drivers = ['a/b', '-', 'ebs '].map((driver) => [
    `driver ${driver}`,
    asked({ volumes: [{ driver, name: 'v1' }] }),
  ]);
  compareTranscript('test/transcripts/names.txt', [
    ['names', table(Object.fromEntries(entries))],
    ['drivers', table(Object.fromEntries(drivers))],
  ]);
});

transcripts('paths are put in their shortest form, or refused with their beginning', () => {
  const part = 'p'.repeat(255);
  const long = Array.from({ length: 16 }, () => part).join('/');
  const paths = [
    'a//b/./c/',
    './a',
    '/',
    '.',
    'a/../b',
    'a\0b',
    part,
    `${part}p`,
    `/${part}/q`,
    long.slice(0, 4095),
    long.slice(0, 4096),
    `${long.slice(0, 4094)}é`,
    `${'ü'.repeat(128)}`,
    `${'0123456789'.repeat(5)}${part}`,
    `${'0123456789'.repeat(3)}012345678😀${part}`,
  ];
  const entries = paths.map((path) => [path, asked(volume('v1', { containerPath: path }))]);
  compareTranscript('test/transcripts/paths.txt', [['paths', table(Object.fromEntries(entries))]]);
});

transcripts('variables are read by their names alone, whatever stands in the values of others', () => {
  const env: Record<string, [string, string][]> = {
    name: [['DVDI_VOLUME_NAME', 'v1']],
    'digits behind it': [
      ['DVDI_VOLUME_NAME0', 'v1'],
      ['DVDI_VOLUME_NAME9', 'v2'],
      ['DVDI_VOLUME_NAME90', 'v3'],
    ],
    'no digits behind it': [
      ['DVDI_VOLUME_NAME/', 'v1'],
      ['DVDI_VOLUME_NAME:', 'v2'],
      ['DVDI_VOLUME_NAMEx', 'v3'],
      ['DVDI_VOLUME_NAME1x', 'v3'],
    ],
    'a driver in a value': [
      ['X', 'DVDI_VOLUME_DRIVER'],
      ['nfs', 'y'],
      ['DVDI_VOLUME_NAME', 'v1'],
    ],
    'a name in a value': [
      ['X', 'DVDI_VOLUME_NAME'],
      ['v9', 'y'],
    ],
    'a name in a value, and a name': [
      ['X', 'DVDI_VOLUME_NAME'],
      ['DVDI_VOLUME_NAME', 'v1'],
    ],
    'a name twice': [
      ['DVDI_VOLUME_NAME', 'v1'],
      ['DVDI_VOLUME_NAME', 'v1'],
    ],
    'a name twice, later': [
      ['A', 'b'],
      ['DVDI_VOLUME_NAME', 'v1'],
      ['C', 'd'],
      ['DVDI_VOLUME_NAME', 'v2'],
    ],
    'a wrong name': [['DVDI_VOLUME_NAME7', 'v/1']],
    everything: [
      ['DVDI_VOLUME_NAME1', 'n1'],
      ['DVDI_VOLUME_DRIVER1', 'nfs'],
      ['DVDI_VOLUME_CONTAINERPATH1', 'e'],
      ['DVDI_VOLUME_OPTS1', 'size=5, iops=6,a=b=c'],
    ],
  };
  for (const options of [
    '',
    '=5',
    'a',
    'a=',
    ',',
    'a=1,a=2',
    `a=${'x'.repeat(16_382)}`,
    `a=${'x'.repeat(16_383)}`,
  ])
    env[`options ${options}`] = [
      ['DVDI_VOLUME_NAME', 'v1'],
      ['DVDI_VOLUME_OPTS', options],
    ];
  const entries = Object.entries(env).map(([title, pairs]) => [title, asked({ env: pairs })]);
  compareTranscript('test/transcripts/variables.txt', [['variables', table(Object.fromEntries(entries))]]);
});

transcripts('labels are read with their modes, flags and options, or refused where they are wrong', () => {
  const values = [
    'v1',
    'v1:d:ro',
    'v1:d:rw',
    'v1:d:rx',
    'v1:d:zzzz',
    'v1:d:',
    'v1::ro',
    'v1:d:ro:x',
    ...['', '=true', '=1', '=false', '=0', '=2', '=', '=yes'].map((flag) => `source=v1,readonly${flag}`),
    ...['', '=true', '=1', '=false', '=0', '=2'].map((flag) => `source=v1,create${flag}`),
    'source=v1,ro,readonly',
    'source=v1,src=v2',
    'source=v1,target=a,dst=b',
    'source=v1,volume-driver=ebs,volume-driver=nfs',
    'source=v1,create,create',
    'source=v1,volume-opt=b=2,volume-opt=a=1,volume-opt=c=3,volume-opt=bb=4',
    'source=v1,volume-opt=a=1,volume-opt=b=2,volume-opt=a=3',
    'source=v1,volume-opt==1',
    'source=v1,volume-opt=a',
    'source=v1,zebra=1',
    'source=v1,xx',
    'source=v1,',
    'target=d',
    'source=v1,target=',
    'source=v1,volume-driver=',
    'source=',
  ];
  const config = {
    drivers: { ...CONFIG.drivers, ebs: { create: true, createOptions: ['a', 'b', 'bb', 'c'] } },
  };
  const entries = values.map((value) => [value, asked({}, config, [['volume', value]])]);
  const form = { name: 'v1', driver: null, containerPath: null };
  const forms = {
    'nothing said': asked({ volumes: [{ ...form, readonly: null }] }),
    'read-only': asked({ volumes: [{ ...form, readonly: true }] }),
    'not read-only': asked({ volumes: [{ ...form, readonly: false }] }),
    options: asked({ volumes: [{ ...form, options: { size: '5', iops: '6' } }] }),
  };
  compareTranscript('test/transcripts/labels.txt', [
    ['labels', table(Object.fromEntries(entries))],
    ['volumes', table(forms)],
  ]);
});

transcripts('offered volumes are for those that were given them, however long the list', () => {
  const drivers = { ebs: {}, nfs: {} };
  const offers = { ebsvolumes: { driver: 'ebs', volumes: ['w0', 'v1', 'w2'] } };
  const given = (resources: [string, unknown][], name = 'v1', driver = 'ebs') =>
    asked({ resources, volumes: [{ driver, name }] }, { drivers, offers });
  const entries: Record<string, string> = {
    'not given': given([]),
    'given alone': given([['ebsvolumes', ['v1']]]),
    'given after others': given([['ebsvolumes', ['w0', 'v1']]]),
    'given in another resource': given([
      ['cpus', 1],
      ['ebsvolumes', ['v1', 'w0']],
    ]),
    'another one given': given([['ebsvolumes', ['w0']]]),
    'an empty set': given([['ebsvolumes', []]]),
    'given under another name': given([['volumes', ['v1']]]),
    'of another driver': given([], 'v1', 'nfs'),
    'not offered': given([], 'v7'),
  };
  for (const count of [14, 15, 16, 17, 10_000])
    entries[`given behind ${count} others`] = given([['ebsvolumes', [...many(count), 'v1']]]);
  entries['given behind 66,000 others'] = given([['ebsvolumes', [...Array(66_000).fill('w'), 'v1']]]);
  for (const count of [0, 15, 16])
    entries[`beside a value with ${count} fields`] = given([
      ['x', Object.fromEntries(many(count).map((name) => [name, 1]))],
      ['ebsvolumes', ['v1']],
    ]);
  compareTranscript('test/transcripts/offers.txt', [['offers', table(entries)]]);
});

transcripts.run();
