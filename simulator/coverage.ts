/** What happened while a volume was how: counted, so that what never happened is seen. */
export interface Coverage {
  /** `driver` and the managed modes as the kernel shows them, and whether somebody has or waits for it. */
  hit(facts: number, event: number, fault: number): void;
  readonly cells: Int32Array;
}

export const FACTS: readonly string[] = ['driver-', 'driver+'].flatMap((driver) =>
  ['', ' rw', ' ro', ' rw ro'].flatMap((bound) =>
    [' free', ' waited', ' held'].map((wanted) => `${driver}${bound}${wanted}`),
  ),
);

export const EVENTS: readonly string[] = [
  'prepare',
  'isolate',
  'update',
  'destroy',
  'cleanup',
  'get',
  'create',
  'mount',
  'unmount',
  'bind',
  'detach',
  'observe',
  'place',
  'tick',
  'lost',
  'operator',
  'configure',
  'recover',
  'restart',
];

/** The last thing that went wrong before the event. */
export const FAULTS: readonly string[] = [
  'none',
  'refused',
  'failed',
  'unreachable',
  'timeout',
  'garbage',
  'broken',
  'empty',
  'done-in-spite',
  'late',
  'late-kernel',
  'crash',
  'torn',
  'unsynced',
  'full-disk',
  'restart',
  'reboot',
  'damaged',
  'double',
  'stray',
  'vanished',
  'driver-restart',
  'dead-mount',
  'driver-down',
  'other-client',
  'operator',
];

export function createCoverage(): Coverage {
  const cells = new Int32Array(FACTS.length * EVENTS.length * FAULTS.length);
  return {
    cells,
    hit(facts, event, fault) {
      const at = (facts * EVENTS.length + event) * FAULTS.length + fault;
      cells[at] = (cells[at] as number) + 1;
    },
  };
}

/** Hits of each facts × event, and with how many different faults. */
export function tableOf(
  coverage: Coverage,
): { facts: string; event: string; hits: number; faults: number }[] {
  return FACTS.flatMap((facts, row) =>
    EVENTS.map((event, column) => {
      const from = (row * EVENTS.length + column) * FAULTS.length;
      const cells = coverage.cells.subarray(from, from + FAULTS.length);
      return {
        facts,
        event,
        hits: cells.reduce((sum, hits) => sum + hits, 0),
        faults: cells.reduce((sum, hits) => sum + (hits > 0 ? 1 : 0), 0),
      };
    }),
  );
}
