/** Containers that come and go while policies do: what was asked of the drivers, and who was answered. */
import * as assert from 'uvu/assert';
import { easyBinding } from '../bench/easy_binding.ts';
import type { HttpRequest } from '../host/binding.ts';

/** A machine whose answers take a moment, so that effects are always in flight, and which remembers what drivers were asked. */
export function slowMachine(random: (limit: number) => number) {
  const machine = easyBinding();
  const mounts = new Map<string, number>();
  const wrong: string[] = [];
  let asked = 0;
  const later = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (random(10) < 3) await new Promise((next) => setTimeout(next, random(4)));
    else await new Promise((next) => setImmediate(next));
    return work();
  };

  /** A driver counts: nobody may mount twice, or unmount what is not mounted. */
  function count({ path, body }: HttpRequest): void {
    const { Name } = JSON.parse(body) as { Name: string };
    const before = mounts.get(Name) ?? 0;
    const after = before + (path.endsWith('.Mount') ? 1 : path.endsWith('Unmount') ? -1 : 0);
    if (after < 0 || after > 1) wrong.push(`${Name}: ${path}, and it is mounted ${before} times`);
    mounts.set(Name, after);
    asked += 1;
  }

  return {
    ...machine,
    post(request: HttpRequest) {
      count(request);
      return later(() => machine.post(request));
    },
    bind: (...args: Parameters<typeof machine.bind>) => later(() => machine.bind(...args)),
    detach: (...args: Parameters<typeof machine.detach>) => later(() => machine.detach(...args)),
    place: (...args: Parameters<typeof machine.place>) => later(() => machine.place(...args)),
    pinnedBy: (...args: Parameters<typeof machine.pinnedBy>) => later(() => machine.pinnedBy(...args)),
    mountedNames: machine.mountedNames,
    wrong,
    asked: () => asked,
    counted: () => [...mounts].filter(([, times]) => times > 0).map(([name]) => name),
  };
}

interface Callee {
  prepare(id: string): Promise<{ ok: boolean; error: string }>;
  cleanup(id: string): Promise<{ ok: boolean; error: string }>;
}

/** So many callers, each with one container after the other, until `stop`; an answer that never comes keeps it from ending. */
export function load({ prepare, cleanup }: Callee, callers: number) {
  let stopped = false;
  let calls = 0;
  let lives = 0;
  let answers = 0;
  const refused: string[] = [];

  async function ask(call: Promise<{ ok: boolean; error: string }>): Promise<void> {
    calls += 1;
    const { ok, error } = await call;
    answers += 1;
    if (!ok) refused.push(error);
  }

  async function live(caller: number): Promise<void> {
    for (let i = 0; !stopped; i += 1) {
      const id = `c${caller}-${i}`;
      await ask(prepare(id));
      await ask(cleanup(id));
      lives += 1;
    }
  }

  const all = Array.from({ length: callers }, (_, caller) => live(caller));
  return {
    /** Resolves when every call has been answered. */
    async stop() {
      stopped = true;
      await Promise.all(all);
      assert.equal(refused, []);
      assert.is(answers, calls);
      return { calls, lives };
    },
  };
}
