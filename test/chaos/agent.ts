import type { AgentEvent } from '../../cli/demo/agent.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import type { Place } from './place.ts';

const START_MS = 40_000;
/** A few dozen tasks. */
const SEGMENT_BYTES = 24 * 1024;

/** The reference agent; killed, it is started again on the same work and state. */
export interface AgentKeeper {
  current(): Daemon;
  /** Starts it without waiting for anything. */
  launch(): void;
  /** Resolves when it has recovered, with the milliseconds since its start; rejects when it ends before. */
  recovered(): Promise<number>;
  isRecovered(): boolean;
  send(command: object): void;
  /** That this end is ours; any other is a failure. */
  expectEnd(): void;
  /** Ends that nobody asked for, in words. */
  readonly accidents: string[];
}

export function keepAgent(place: Place, heard: (event: AgentEvent) => void): AgentKeeper {
  let daemon: Daemon | undefined;
  let begun = 0;
  let tookMs: number | undefined;
  let expected: Daemon | undefined;
  const accidents: string[] = [];

  function current(): Daemon {
    if (!daemon) throw new Error('the agent was never started');
    return daemon;
  }

  function launch(): void {
    begun = performance.now();
    tookMs = undefined;
    const args = ['--config', place.config, '--work', place.work, '--state', place.state, '--commands'];
    const env = {
      ...process.env,
      [place.mark.name]: place.mark.value,
      MOORAGE_DYING_FILE: place.orders,
      MOORAGE_REAL_HOST: `${process.cwd()}/test/hosts/short_segments_host.cjs`,
      MOORAGE_SEGMENT_BYTES: String(SEGMENT_BYTES),
    };
    const started = startDaemon(
      'build/moorage-agent',
      [...args, '--host-bundle', `${process.cwd()}/test/hosts/dying_host.cjs`],
      env,
      (text) => {
        const event = JSON.parse(text) as AgentEvent;
        if (event.event === 'agent' && event.state === 'recovered' && daemon === started)
          tookMs = performance.now() - begun;
        heard(event);
      },
    );
    daemon = started;
    void started.ended.then(({ code, signal }) => {
      if (expected === started) return;
      accidents.push(
        `the agent ended with ${signal ?? `exit code ${code}`}: ${started.words().slice(-8).join(' | ')}`,
      );
    });
  }

  async function recovered(): Promise<number> {
    const of = current();
    const end = performance.now() + START_MS;
    while (tookMs === undefined) {
      if (!of.isAlive()) {
        await of.ended;
        throw new Error(`the agent did not recover: ${of.words().slice(-8).join(' | ')}`);
      }
      if (performance.now() > end) throw new Error(`the agent has not recovered within ${START_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    return tookMs;
  }

  return {
    current,
    launch,
    recovered,
    isRecovered: () => tookMs !== undefined && current().isAlive(),
    send: (command) => void current().child.stdin?.write(`${JSON.stringify(command)}\n`),
    expectEnd: () => {
      expected = daemon;
    },
    accidents,
  };
}
