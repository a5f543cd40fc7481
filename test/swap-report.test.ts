/** What is said before a swap: what would be decided otherwise, whether the state goes over, and what becomes of it. */
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, wordsOf } from '../cli/policy/rule_words.ts';
import { digestOf } from '../host/policy/trust/policy_file.ts';
import { startEasy } from './easy_host.ts';
import { patched } from './patched_policy.ts';
import { busy, command, examined, faulty, forgetful, simulationOf, stateOf } from './swap_examined.ts';
import { ownFolder, write } from './trusted_files.ts';
import { POLICY, prepareEvent } from './world.ts';

const TENANTS = 'build/policies/tenants.wasm';
const report = suite('the report before a swap');

report('the policy that decides, against itself: no difference, and nothing against it', () => {
  const found = examined(POLICY, stateOf(busy));
  assert.is(found.journal.differing, 0);
  assert.is(found.refused, undefined);
  assert.is(found.migration.from, found.migration.to);
  assert.is(found.migration.noWayBack, undefined);
  const { runs, containers, volumes, events, broken, alsoBefore } = simulationOf(found);
  assert.equal([runs, containers, volumes, broken, alsoBefore], [25, 3, 2, undefined, []]);
  assert.ok(events > 25 * 50, `${events} events`);
});

report('another rule is told by the rule, how often, and where it was met first', () => {
  const found = examined(TENANTS, stateOf(busy));
  assert.is(found.refused, undefined);
  assert.equal(
    found.journal.rules.map(({ rule, events, about }) => [rule, events, about]),
    [
      ['bind: target', 1, 'effect 2'],
      ['bind: readonly', 1, 'effect 2'],
    ],
  );
  assert.is(simulationOf(found).broken, undefined);
});

report(
  'a policy that takes a volume from under a holder is refused, with the rule, the seed and few events',
  () => {
    const file = forgetful();
    const found = examined(file, stateOf(busy), { runs: 400 });
    const { broken } = simulationOf(found);
    assert.ok(broken, 'no seed found it');
    assert.ok(['held', 'witness', 'mounted'].includes(broken.rule), broken.rule);
    assert.ok(broken.events.length < 80, `${broken.events.length} events`);
    assert.match(
      found.refused ?? '',
      new RegExp(`broke a rule .*: ${broken.rule}: .*\\(seed ${broken.seed}\\)`),
    );
    const again = simulationOf(examined(file, stateOf(busy), { seed: broken.seed, runs: 1 }));
    assert.is(again.broken?.rule, broken.rule, 'the seed says it again');
  },
);

report('a policy that loses a holder when it takes the state over is refused for that', () => {
  const from = "  volume.users = r.texts('volume.users').slice(0);\n";
  const file = faulty('state/snapshot.ts', from, "  volume.users = r.texts('volume.users').slice(1);\n");
  const found = examined(file, stateOf(busy));
  assert.match(found.refused ?? '', /cannot take over the present state: restored from its own state/);
  assert.is(found.simulation, 'the state cannot be taken over');
});

report('only other times are told as such', () => {
  const file = join(ownFolder(), 'other.wasm');
  write(file, patched(120_000, 60_000));
  const found = examined(file, stateOf(busy));
  assert.equal(
    found.journal.rules.map(({ rule }) => rule),
    ['driver mount: deadlineMs'],
  );
  assert.is(found.journal.rules[0]?.events, 2);
});

report('a record that is being written does not count, and damage before it refuses', () => {
  const folder = stateOf(busy);
  const segment = join(folder, 'journal', '000001.journal');
  const whole = examined(POLICY, folder, { runs: 1 }).journal.events;
  const bytes = readFileSync(segment);
  appendFileSync(segment, bytes.subarray(bytes.length - 30));
  writeFileSync(segment, bytes.subarray(0, bytes.length - 3));
  assert.is(examined(POLICY, folder, { runs: 1 }).journal.events, whole - 1);
  const damaged = Buffer.from(bytes);
  damaged[200] = (damaged[200] as number) ^ 1;
  writeFileSync(segment, damaged);
  assert.throws(() => examined(POLICY, folder), /damaged at byte/);
});

report('differences are told in words', () => {
  assert.is(wordsOf('reply: ok, now read-only'), 'replies that now refuse with read-only');
  assert.is(wordsOf('reply: exclusive, now ok'), 'replies that refused with exclusive, and are now ok');
  assert.is(
    wordsOf('reply: timeout, now exclusive'),
    'replies that refused with timeout, and do now with exclusive',
  );
  assert.is(wordsOf('driver mount: deadlineMs'), 'driver mount: another deadlineMs');
  const rule = { rule: 'reply: ok, now read-only', count: 14, events: 12, first: 431, about: 'container c7' };
  assert.is(lineOf(rule), 'replies that now refuse with read-only: 12 events, first #431, container c7');
});

report(
  'the command prints the report on stdout and what it does on stderr, and the golden traces count',
  () => {
    const folder = stateOf(busy);
    const { stdout, stderr, status } = command(TENANTS, '--state', folder, '--runs', '5');
    assert.is(status, 0, stderr);
    assert.match(stdout, /^new +moorage-tenants .*\n/);
    assert.match(stdout, /\njournal +\d+ events \(#1 to #\d+\): [12] decided differently\n/);
    assert.match(stdout, /\ngolden +\d\d traces: both decide the same\n/);
    assert.match(stdout, /\nsimulated 5 worlds from the present one \(3 containers, 2 volumes\)/);
    assert.match(stdout, /nothing is against it; with --apply/);
    assert.match(stderr, /stepped again, under the policy that decided and under the new one/);
    const json = JSON.parse(command(TENANTS, '--state', folder, '--runs', '5', '--json').stdout);
    assert.is(json.policy.name, 'moorage-tenants');
    assert.is(json.simulation.runs, 5);
  },
);

report('what cannot be used ends with 2, what is refused with 1', () => {
  const folder = stateOf(busy);
  assert.is(command('/nowhere.wasm', '--state', folder).status, 2);
  assert.is(command(POLICY, '--state', join(folder, 'none')).status, 2);
  const file = write(join(folder, 'open.wasm'), readFileSync(POLICY), 0o666);
  const { status, stderr } = command(file, '--state', folder);
  assert.is(status, 1);
  assert.match(stderr, /others can write it/);
  const unsigned = join(folder, 'unsigned.wasm');
  copyFileSync(POLICY, unsigned);
  const judged = command(unsigned, '--state', folder, '--digest', '0'.repeat(64));
  assert.is(judged.status, 1);
  assert.match(judged.stderr, /its digest [0-9a-f]{64} is none of those trusted/);
});

report('with --apply the isolator is asked for that file, and what it answers is told', async () => {
  const folder = stateOf(busy);
  const bodies: string[] = [];
  const answers = [
    { status: 200, body: { ok: true, since: 77, pauseMs: 1.5, followed: 76 } },
    { status: 409, body: { error: { message: 'it would not', hint: 'ask again' } } },
  ];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      bodies.push(`${request.method} ${request.url} ${body}`);
      const answer = answers.shift();
      response.writeHead(answer?.status ?? 500).end(JSON.stringify(answer?.body));
    });
  });
  await new Promise<void>((ready) => server.listen(join(folder, 'admin.sock'), ready));
  const args = [TENANTS, '--state', folder, '--runs', '2', '--apply'];
  const taken = await spawned(args);
  const refused = await spawned(args);
  server.close();
  assert.is(taken.status, 0, taken.text);
  assert.match(taken.text, /it decides: from event #77 on, 76 events heard before, callers waited 1\.50 ms/);
  assert.is(refused.status, 1);
  assert.match(refused.text, /the isolator refuses it: it would not; ask again/);
  assert.equal(
    bodies,
    Array(2).fill(`POST /policy ${JSON.stringify({ file: join(process.cwd(), TENANTS) })}`),
  );
});

/** Like `command`, while this process goes on answering. */
async function spawned(args: string[]): Promise<{ status: number | null; text: string }> {
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, ['build/moorage.mjs', 'policy', 'swap', ...args]);
  let text = '';
  child.stdout.on('data', (part) => {
    text += part;
  });
  child.stderr.on('data', (part) => {
    text += part;
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, text })));
}

report(
  'from a running host: the report, the swap, a report under the new policy, and the way back',
  async () => {
    const folder = join(ownFolder(), 'state');
    const digests = [POLICY, TENANTS].map((file) => digestOf(readFileSync(file)));
    const easy = await startEasy(folder, { segmentBytes: 20_000 }, undefined, {}, POLICY, undefined, digests);
    const guest = (id: string) => easy.call(prepareEvent(id, { volume: 'shared', 'volume-tenant': 'guest' }));
    assert.is((await guest('g1')).ok, true);
    // Meanwhile it goes on: segments come, and those that no snapshot needs go.
    let goesOn = true;
    const load = (async () => {
      for (let id = 0; goesOn; id += 1) {
        await easy.prepare(`c${id}`);
        await easy.cleanup(`c${id}`);
        await new Promise((next) => setTimeout(next, 5));
      }
    })();
    const args = (file: string) => [file, '--state', folder, '--runs', '3', '--apply'];
    const there = await spawned(args(TENANTS));
    assert.is(there.status, 0, there.text);
    assert.match(there.text, /journal +\d+ events \(#\d+ to #\d+\): /);
    assert.match(there.text, /it decides: from event #\d+ on/);
    assert.is(easy.host.policy().name, 'moorage-tenants');
    // It reads the same volume from now on, beside the one that writes it.
    const second = await guest('g2');
    assert.is(second.ok, true, second.error);
    const back = await spawned(args(POLICY));
    goesOn = false;
    await load;
    assert.is(back.status, 0, back.text);
    assert.match(back.text, /deciding +moorage-tenants/);
    assert.is(easy.host.policy().name, 'moorage-standard');
    assert.equal(easy.fatal, []);
    for (const id of ['g1', 'g2']) assert.is((await easy.cleanup(id)).ok, true);
    await easy.host.close(5000);
  },
);

report('a refused policy is not asked for', () => {
  const file = forgetful();
  const { status, stderr } = command(file, '--state', stateOf(busy), '--runs', '400', '--apply');
  assert.is(status, 1, stderr);
  assert.match(stderr, /broke a rule in a simulated world/);
  assert.not.match(stderr, /asking the isolator/);
});

report.run();
