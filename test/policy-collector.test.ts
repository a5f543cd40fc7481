import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Lives, lives } from '../bench/lives.ts';
import { loadPolicy } from '../host/policy/policy.ts';
import { startPortable } from '../portable/policy.ts';
import * as plain from './collector/graph.ts';
import { random } from './random.ts';
import { POLICY } from './world.ts';

type Graph = typeof plain & { memory: WebAssembly.Memory };

const OPERATIONS = 600_000;
/** Operations of a step: what they leave is cleared up after it. */
const A_STEP = 5;
const STEPS_A_LOOK = 500;
const ROOTS = 8;

const collector = suite('policy: collector');

collector('nothing that can be reached is freed, nothing that cannot be reached stays', () => {
  const wasm = compileGraph();
  (globalThis as { __collect?: () => void }).__collect = () => undefined;
  const dice = random(3);
  let early = 0;
  for (let step = 1; step * A_STEP <= OPERATIONS; step += 1) {
    for (let i = 0; i < A_STEP; i += 1) change([wasm, plain as Graph], dice, step * A_STEP + i);
    wasm.rest();
    if (step % STEPS_A_LOOK === 0)
      assert.is(wasm.sum(), plain.sum(), `after ${step} steps the graph is another one`);
    if (step * A_STEP === OPERATIONS / 10) early = wasm.memory.buffer.byteLength;
  }
  const late = wasm.memory.buffer.byteLength;
  assert.ok(late <= early * 2, `${early} bytes of memory grew to ${late}`);
});

/** The same random change in both graphs. */
function change(graphs: Graph[], dice: (limit: number) => number, id: number): void {
  const kind = dice(1000);
  const [root, path, steps] = [dice(ROOTS), dice(65536), dice(8)];
  const [toRoot, toPath, toSteps] = [dice(ROOTS), dice(65536), dice(8)];
  for (const graph of graphs) {
    if (kind < 100) graph.plant(root, id);
    else if (kind < 650) graph.hang(root, path, steps, 1 + (toRoot % 2), id);
    else if (kind < 850) graph.move(root, path, steps, toRoot, toPath, toSteps);
    else if (kind < 900) graph.hold(root, path, steps);
    else if (kind < 950) graph.rename(root, path, steps, id);
    else if (kind < 955) graph.empty(root, path, steps);
    else if (kind < 957) graph.cut(root);
  }
}

function compileGraph(): Graph {
  const place = mkdtempSync(join(tmpdir(), 'moorage-graph-'));
  try {
    const file = join(place, 'graph.wasm');
    const { options } = JSON.parse(readFileSync('asconfig.json', 'utf8')) as {
      options: { runtime: string; stackSize: number };
    };
    const { runtime, stackSize } = options;
    const config = join(place, 'asconfig.json');
    writeFileSync(
      config,
      JSON.stringify({ options: { runtime: resolve(runtime), stackSize, optimizeLevel: 3 } }),
    );
    const asc = resolve('node_modules/assemblyscript/bin/asc.js');
    const args = [asc, 'test/collector/graph.ts', '--config', config, '--use', 'abort=', '--exportRuntime'];
    const built = spawnSync(process.execPath, [...args, '--outFile', file], { encoding: 'utf8' });
    assert.is(built.status, 0, built.stderr + built.stdout);
    return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), {})
      .exports as unknown as Graph;
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** With so many containers alive the old objects are marked and swept many times while the others come and go. */
const ALIVE = 300;
const COMING_AND_GOING = 15_000;

collector('containers that live on are the same after thousands of others have come and gone', () => {
  const wasm = lives(loadPolicy(POLICY));
  const twin = lives(startPortable());
  for (const world of [wasm, twin]) {
    world.start();
    for (let i = 0; i < ALIVE; i += 1) world.prepare(`live-${i}`);
  }
  comeAndGo([wasm, twin], 0, COMING_AND_GOING / 10);
  const early = wasm.policy.memorySize();
  comeAndGo([wasm, twin], COMING_AND_GOING / 10, COMING_AND_GOING);
  assert.equal(Buffer.from(state(wasm)), Buffer.from(state(twin)));
  assert.is(wasm.policy.memorySize(), early, 'the memory grew');
});

function comeAndGo(worlds: Lives[], from: number, to: number): void {
  for (let i = from; i < to; i += 1)
    for (const world of worlds) {
      world.prepare(`task-${i}`);
      world.cleanup(`task-${i}`);
    }
}

function state({ policy }: Lives): Uint8Array {
  return policy.snapshot() as Uint8Array;
}

collector.run();
