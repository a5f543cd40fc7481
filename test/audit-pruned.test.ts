import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { AuditResult } from '../cli/audit/run_audit.ts';
import { type EmbeddedBench, task } from './embedded_bench.ts';
import { embeddedSuite } from './embedded_suite.ts';

const { test, bench, run } = embeddedSuite('moorage audit of a journal whose beginning is gone');
const HOST = ['--host-bundle', 'test/hosts/short_segments_host.cjs'];

function audit({ work }: EmbeddedBench): AuditResult & { status: number | null } {
  const args = ['build/moorage.mjs', 'audit', '--json', '--state', join(work, 'state')];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.ok(stdout, stderr);
  return { ...JSON.parse(stdout), status };
}

test('what was promised before the first event that is left is explained, and missed when it is gone', async () => {
  process.env.MOORAGE_SEGMENT_BYTES = '2048';
  const on = bench();
  const agent = on.agent([], HOST);
  agent.send({ launch: { id: '/long', cmd: 'exec sleep 60', labels: { volume: 'v1:data' } } });
  const { container } = await agent.until(task('/long', 'running'));
  for (let i = 0; on.journals().includes('000001.journal'); i += 1) {
    assert.ok(i < 200, 'the journal is never pruned');
    agent.send({ launch: { id: `/short${i}`, cmd: 'true', labels: { volume: 'v1:data' } } });
    await agent.until(task(`/short${i}`, 'finished'));
  }
  const found = audit(on);
  assert.is(found.status, 0, JSON.stringify(found.findings));
  assert.ok(found.journal.from > 1);
  const held = found.explained.filter(({ is }) => is === 'held');
  assert.equal(held.map(({ mode }) => mode).sort(), ['driver', 'rw']);
  for (const mount of held) assert.ok(mount.containers.includes(container as string), mount.because);

  // Else it would see the loss and mount it again.
  agent.child.kill('SIGSTOP');
  execFileSync('umount', [join(on.folder, 'volumes', 'ebs', 'v1')]);
  const after = audit(on);
  agent.child.kill('SIGCONT');
  assert.is(after.status, 1);
  assert.equal(
    after.findings.map(({ kind, worst }) => [kind, worst]),
    [['missing', true]],
  );
  agent.child.kill('SIGTERM');
  await agent.ended;
});

run();
