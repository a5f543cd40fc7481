/** Inputs to begin with: what the readers are given when all is well, and some of what they must refuse. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from '../../host/frames/codec.ts';
import { encodeEvent } from '../../host/frames/event_frame.ts';

type Seeds = [name: string, bytes: Uint8Array | string][];

/** Deeper than any stack, and still within the limits on lines and frames. */
const DEEP = 250_000;

const ERROR = ['driver-refused', 'mount ebs/v1: the driver says no', 'see: moorage why volume ebs/v1'];

const sources: Record<string, () => Seeds> = {
  frames: () => [
    [
      'reply-ok',
      pack([
        1,
        6,
        7,
        true,
        [
          ['/volumes/ebs/v1', 'data', false],
          ['/v2', '/mnt', true],
        ],
        null,
      ]),
    ],
    ['reply-bare', pack([1, 6, 2 ** 40, true, null, null])],
    ['reply-error', pack([1, 6, 1.5, false, null, ERROR])],
    ['reply-error-no-hint', pack([1, 6, 1, false, [], ['code', 'words', null]])],
    ['reply-no-error', pack([1, 6, 1, false, null, null])],
    ['limit', pack([1, 7, 'etl.12345678', 'volume ebs/v1 is lost'])],
    ['alert', pack([1, 9, 'warn', 'leaked', 'words', 'etl.12345678', 'ebs/v1'])],
    ['alert-of-nobody', pack([1, 9, 'error', 'host-down', 'words', null, null])],
    ['cut-off', pack([1, 6, 1, false])],
    ['other-schema', pack([2, 6, 1, true, null, null])],
    ['deep-lists', new Uint8Array(DEEP).fill(0x91)],
    ['deep-maps', Uint8Array.from({ length: DEEP }, (_, i) => [0x81, 0xa1, 0x61][i % 3] as number)],
    ['endless-list', Uint8Array.of(0x96, 1, 6, 0xdd, 0xff, 0xff, 0xff, 0xff)],
    ['endless-text', Uint8Array.of(0x96, 1, 6, 0xdb, 0xff, 0xff, 0xff, 0xff, 0x61)],
  ],
  calls: () => [
    ['recover', encodeEvent({ ...RECOVER })],
    ['cleanup', encodeEvent({ type: 'cleanup', at: 1, call: 2, id: 'etl.12345678' })],
    ['story', Uint8Array.of(0, 1, 2, 13, 21, 29, 3, 1, 2, 4, 36, 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 7, 15)],
    ['long-words', `${'ä'.repeat(2500)}`],
    ['no-call', encodeEvent({ type: 'cleanup', at: 1, call: 2, id: '' }).subarray(0, 20)],
    ['half-a-letter', Buffer.alloc(3000, 0x80)],
  ],
  app: () => [
    ...appFiles(),
    ['kill', '{"kill":"/etl/extract"}'],
    ['stop', '{"stop":true}'],
    ['path', '{"launch":"/apps/a.json"}'],
    ['whole', JSON.stringify({ launch: APP })],
    ['deep-app', `{"launch":{"id":"/a","cmd":"true","x":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}}`],
    ['deep-objects', '{"launch":'.repeat(DEEP / 10)],
    ['endless-number', '{"launch":{"id":"/a","cmd":"true","resources":{"cpus":1e999}}}'],
    ['no-utf-8', Buffer.from([...Buffer.from('{"kill":"'), 0xff, 0xfe, ...Buffer.from('"}')])],
  ],
  records: () => [
    ['process', `p${JSON.stringify(PROCESS)}`],
    ['container', `c${JSON.stringify({ id: 'c1', app: APP, sandbox: '/w/c1', bootId: 'b' })}`],
    ['exit', 'e{"exitCode":0,"killed":false,"message":""}'],
    ['exit-null', 'e{"exitCode":null,"killed":true,"message":"ended by SIGKILL"}'],
    ['spec', `s${JSON.stringify(SPEC)}`],
    ['gate-go', 'g{"go":true}'],
    ['gate-failed', 'g{"state":"failed","message":"no such user"}'],
    ['gate-list', 'g["go",true]'],
    ['gate-long', `g"${'x'.repeat(16_383)}`],
    ['number', 'p{"pid":1e308,"startTime":-1}'],
    ['deep', `p${'['.repeat(DEEP)}`],
    ['deep-whole', `c${'['.repeat(DEEP)}${']'.repeat(DEEP)}`],
  ],
  mountinfo: () => [
    ['self', readFileSync('/proc/self/mountinfo')],
    [
      'shared',
      '36 35 98:0 /mnt1 /mnt\\0402 rw,noatime shared:7 master:1 - ext3 /dev/root rw,errors=continue\n',
    ],
    ['no-optional-fields', '1 1 0:1 / / rw - rootfs rootfs rw\n'],
    ['half-an-escape', '1 2 0:3 / /a rw - b c\\04'],
    ['no-end', '36 35 98:0 / /a rw shared:1'],
    ['no-number', '-1 0x5 98:0 / /a rw - ext4 a rw\n18446744073709551616 1 0:1 / / rw - a b rw\n'],
    ['escapes', '1 2 0:3 /\\134\\012 /\\40\\0\\999\\777 rw - fuse.s\\040 \\ rw\n'],
  ],
  answer: () => answers().map(([name, text]) => [name, `\x40${text}`]),
  settings: () => [
    ['unix', 'unix:///run/docker/plugins/ebs.sock'],
    ['tcp', 'tcp://[::1]:7979/'],
    ['no-port', 'tcp://host:'],
    ['user', 'tcp://root@host:80'],
    ['long-port', `tcp://host:${'9'.repeat(20)}`],
    ['path', '/var/lib//moorage/./volumes/../x'],
    [
      'flags',
      '--launcher=linux\0--isolation=filesystem/linux, docker/volume\0MESOS_SANDBOX_DIRECTORY=/mnt\0',
    ],
    ['parameters', 'config=/etc/moorage.json\0start_ms=30000\0docker_volumes=false\0library=/usr/lib/a.so'],
    ['twice', 'config=/a\0config=/b\0unknown=1'],
    ['long-number', 'config=/a\0call_ms=999999999999999999999'],
  ],
  control: () => [['good', Uint8Array.of(1, 120, 2, 1, 2)]],
};

/** The inputs of a target, by name. Throws when there are none: nobody would notice that it begins with nothing. */
export function seedsOf(target: string): Seeds {
  const make = sources[target];
  if (!make) throw new Error(`test/fuzz/seeds.ts has nothing for the target ${target}`);
  return make();
}

function answers(): [string, string][] {
  const json = '{"Mountpoint":"/mnt/v1","Err":""}';
  const type = 'Content-Type: application/vnd.docker.plugins.v1.1+json\r\n';
  return [
    ['length', `HTTP/1.1 200 OK\r\n${type}Content-Length: ${json.length}\r\n\r\n${json}`],
    ['until-the-end', `HTTP/1.0 200 OK\r\n${type}\r\n${json}`],
    [
      'chunks',
      `HTTP/1.1 200 OK\r\n${type}Transfer-Encoding: chunked\r\n\r\n21;a=b\r\n${json}\r\n0\r\nX: y\r\n\r\n`,
    ],
    ['refused', `HTTP/1.1 500 Internal Server Error\r\n${type}Content-Length: 12\r\n\r\n{"Err":"no"}`],
    ['not-found', 'HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n404 page not found\n'],
    ['go-on', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}`],
    ['elsewhere', 'HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'],
    ['who-are-you', 'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="a"\r\nContent-Length: 0\r\n\r\n'],
    ['half', `HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${json}`],
    ['folded', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    ['long', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(5000)}`],
    ['zipped', 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00'],
    ['two', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
    ['none', ''],
    ['nonsense', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ];
}

const RECOVER = {
  type: 'recover',
  at: 0,
  call: 0,
  journal: '',
  bootId: '',
  containers: [],
  orphans: ['etl.12345678'],
  mounts: [],
  part: 0,
  last: true,
};

const APP = {
  id: '/etl/load',
  cmd: 'cp a b',
  user: 'root',
  env: { DVDI_VOLUME_NAME: 'v1', PATH: '/bin' },
  labels: { volume: 'v1:data:ro', secret: 'x' },
  resources: { cpus: 0.5, mem: 128, ports: ['80', '443'] },
  container: {
    rootfs: '/images/a',
    volumes: [
      {
        containerPath: 'data',
        mode: 'RO',
        external: { name: 'v2', provider: 'dvdi', options: { 'dvdi/driver': 'ebs', size: '16m', d: 'x' } },
      },
    ],
  },
};

const PROCESS = {
  pid: 77,
  startTime: 123_456,
  mountNamespace: { unique: 4_026_531_841, inode: 77 },
  command: 78,
  mounts: [['/volumes/ebs/v1', 'data', true]],
};

const SPEC = {
  id: 'c1',
  sandbox: '/w/c1',
  rootfs: null,
  checkpoint: '/w/containers/c1',
  mounts: PROCESS.mounts,
  cmd: 'true',
  env: [['A', 'b']],
  user: { uid: 0, gid: 0, groups: [0, 1] },
};

function appFiles(): Seeds {
  return ['examples/etl', 'examples/marathon'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name): Seeds[number] => [name, `{"launch":${readFileSync(join(folder, name), 'utf8')}}`]),
  );
}
