import { createRandom, derive, type Random } from '../random.ts';
import { createQuirks, FAULTS, ORDINARY, type Quirks, type Setup } from '../setup.ts';
import type { Present } from './present.ts';

/** Volumes that containers of one seed ask for, beside new ones. */
const ASKED_MAX = 4;
/** The policy's own, where the configuration says nothing. */
const DEFAULTS = { settleMs: 30_000, lingerMs: 0 };

/** The world of a seed that goes on from the present: its configuration is the real one, its drivers have oddities of their own. */
export function createPresentSetup(seed: number, present: Present): Setup {
  const random = createRandom(derive(seed, 7));
  const drivers = Object.keys(present.config.drivers);
  const used = present.volumes.map(({ driver }) => driver);
  const quirks = Object.fromEntries(
    [...new Set([...drivers, ...used])].map((driver) => [driver, quirksOf(random, present, driver)]),
  );
  const share = random.pick([0.15, 0.4, 0.8]);
  return {
    seed,
    config: { ...DEFAULTS, ...present.config },
    quirks,
    volumes: [...chosen(random, present), ...drivers.map((driver) => [driver, `new-${seed}`] as const)],
    present,
    weights: [...ORDINARY, ...FAULTS.filter(() => random.chance(share))],
    trouble: random.pick([0, 0.1, 0.25, 0.5]),
  };
}

/** What the configuration says of a driver is taken for true. */
function quirksOf(random: Random, { config }: Present, driver: string): Quirks {
  const quirks = createQuirks(random);
  const { plainDirs = false, mountNeverCreates = false } = config.drivers[driver] ?? {};
  const isMounting = { everyMount: false, firstMount: false, staysDead: false };
  return {
    ...quirks,
    ...(plainDirs ? isMounting : {}),
    plain: plainDirs,
    creates: quirks.creates && !mountNeverCreates,
  };
}

function chosen(random: Random, { volumes }: Present): (readonly [string, string])[] {
  const left = [...volumes];
  const taken: (readonly [string, string])[] = [];
  while (taken.length < ASKED_MAX && left.length > 0) {
    const [volume] = left.splice(random.below(left.length), 1);
    if (volume) taken.push([volume.driver, volume.name]);
  }
  return taken;
}
