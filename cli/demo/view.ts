import type { VolumeView } from './watch.ts';

/** Where the demonstration tells what happens: a table that is redrawn on a terminal, plain lines elsewhere. */
export interface View {
  /** Something changed: `text` says what. */
  line(text: string): void;
  /** The state of a task. */
  task(app: string, state: string): void;
  volumes(list: VolumeView[]): void;
  /** Ends the redrawing; what follows are plain lines. */
  end(): void;
}

export function createView(stream: NodeJS.WriteStream, begun: number): View {
  const tasks = new Map<string, string>();
  let volumes: VolumeView[] = [];
  let drawn = 0;
  const live = stream.isTTY === true && process.env.TERM !== 'dumb';
  const colour = live && !process.env.NO_COLOR;
  const bold = (text: string) => (colour ? `\x1b[1m${text}\x1b[22m` : text);

  function table(): string[] {
    const width = Math.max(40, (stream.columns ?? 100) - 1);
    const taskLines = [...tasks].map(([app, state]) => `  ${app.padEnd(18)} ${state}`);
    const volumeLines = volumes.map(({ key, holders, mountedByDriver, modes }) => {
      const mounts = `${mountedByDriver ? 'mounted' : '-'}${modes.length > 0 ? ` + ${[...modes].sort().join(', ')}` : ''}`;
      return `  ${key.padEnd(24)} ${mounts.padEnd(18)} ${holders.length}  ${holders.join(' ')}`;
    });
    const head = `  ${'volume'.padEnd(24)} ${'mounts'.padEnd(18)} holders`;
    return ['', bold('  tasks'), ...taskLines, '', bold(head), ...volumeLines, ''].map((text) =>
      text.slice(0, width),
    );
  }

  function erase(): void {
    if (drawn > 0) stream.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  }

  function draw(): void {
    if (!live) return;
    erase();
    const lines = table();
    stream.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  }

  return {
    line(text) {
      erase();
      stream.write(`${(performance.now() - begun).toFixed(0).padStart(6)} ms  ${text}\n`);
      draw();
    },
    task(app, state) {
      tasks.set(app, state);
      draw();
    },
    volumes(list) {
      volumes = list;
      draw();
    },
    end() {
      if (drawn > 0) draw();
      drawn = 0;
    },
  };
}
