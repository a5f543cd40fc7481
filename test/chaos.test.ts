import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Figures, lost, noLosses } from './chaos/figures.ts';

const KILLS = 20;

const suiteOfChaos = suite('chaos');
const why = reasonToSkip();
if (why) process.stdout.write(`chaos: skipped: ${why}\n`);
const test = why ? (suiteOfChaos.skip as typeof suiteOfChaos) : suiteOfChaos;

function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting needs root';
  const compiler = process.env.CC ?? 'cc';
  return spawnSync(compiler, ['--version']).status === 0 ? undefined : `there is no C compiler (${compiler})`;
}

test('agent, drivers and hosts die at random moments: nothing that a task synced is lost, nothing stays mounted', () => {
  const args = ['setup/script.mjs', 'test/chaos/main.ts', '--kills', String(KILLS), '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.is(status, 0, stderr + stdout);
  const figures = JSON.parse(stdout) as Figures;
  assert.equal(figures.losses, noLosses(), stderr);
  assert.ok(figures.kills.total >= KILLS);
  assert.ok(figures.tasks.ran > KILLS / 2, `only ${figures.tasks.ran} tasks ran`);
  assert.ok(figures.bytesVerified >= figures.bytesSynced, 'every synced byte is read back at least once');
  assert.ok(figures.bytesSynced > 100_000, `only ${figures.bytesSynced} bytes were synced`);
  assert.ok(figures.fsckRuns > 0);
});

test('one figure in any column of the losses is a failure', () => {
  const columns = Object.keys(noLosses());
  assert.is(lost(noLosses()), false);
  for (const column of columns) assert.is(lost({ ...noLosses(), [column]: 1 }), true, column);
});

suiteOfChaos.run();
