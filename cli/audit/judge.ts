import type { DriverView } from './drivers.ts';
import { at, type Moment, type Why, whyMounted } from './explain.ts';
import type { Explained, Finding } from './findings.ts';
import type { KernelMount, KernelView } from './kernel.ts';
import { isAt } from './learn.ts';
import { type AuditRecord, managedAt, type VolumeRecord } from './record.ts';

/** All that is held against each other. */
export interface Views {
  record: AuditRecord;
  kernel: KernelView;
  drivers: readonly DriverView[];
  root: string;
  moment: Moment;
}

export interface Judged {
  explained: Explained[];
  findings: Finding[];
}

const NEXT_LEAK =
  'start the agent: its recovery takes it away; or look who works in it (fuser -vm), then umount it';
const NEXT_DRIVER =
  'look who uses it (fuser -vm), then give it back at the driver (Unmount with this agent’s id)';

/** Every mount under the root and every driver mount of the record: explained by its events, or named. */
export function judgeMounts(views: Views): Judged {
  const judged: Judged = { explained: [], findings: [] };
  const { kernel, root, record } = views;
  const seen = new Set<string>();
  for (const mount of kernel.mounts) {
    if (mount.target === root) judged.explained.push(rootItself(mount));
    else if (mount.target.startsWith(`${root}/`)) judgeManaged(mount, views, seen, judged);
    else judgeDriverMount(mount, views, judged);
  }
  for (const view of views.drivers) judgeDriver(view, record, judged);
  return judged;
}

function rootItself({ target }: KernelMount): Explained {
  const because = 'the managed root, a bind of itself';
  return { target, volume: '', mode: 'rw', is: 'root', because, containers: [], event: 0 };
}

function judgeManaged(mount: KernelMount, views: Views, seen: Set<string>, judged: Judged): void {
  const { record, root, moment } = views;
  const { target } = mount;
  const place = managedAt(root, target);
  const volume = place && record.volumes.get(place.key);
  if (!place || !isVolumes(mount, place.key, volume, views)) {
    judged.findings.push(foreign(mount, root));
    return;
  }
  const why = volume && whyMounted(record, volume, moment);
  const told = volume?.managed.get(place.mode);
  const isSecond = seen.has(target);
  seen.add(target);
  if (volume && why && !isSecond && (told || why.is === 'underway' || volume.older)) {
    const by = told ? `; ${told.by}, ${at(told.when)}` : '';
    judged.explained.push(explained(target, place.key, place.mode, why, by));
    return;
  }
  judged.findings.push({
    kind: 'leak',
    worst: false,
    what: `${place.key} (${place.mode}) is mounted at ${target}`,
    because: isSecond
      ? `a second mount lies on top of it, and no event made two`
      : whyLeaked(volume, told !== undefined),
    next: NEXT_LEAK,
    target,
    volume: place.key,
  });
}

/** Whether what is mounted there is of that volume, as far as it can be told: else it is somebody else's. */
function isVolumes(mount: KernelMount, key: string, volume: VolumeRecord | undefined, views: Views): boolean {
  if (volume)
    return (
      volume.dev === undefined ||
      volume.dev === mount.dev ||
      volume.managed.size > 0 ||
      volume.doing !== undefined
    );
  const [driver = ''] = key.split('/');
  const isConfigured = views.record.config === undefined || driver in views.record.config.drivers;
  // Nobody but a driver gives a file system out that is mounted elsewhere too.
  const isElsewhere = views.kernel.mounts.some(
    ({ dev, target }) => dev === mount.dev && target !== mount.target && !target.startsWith(`${views.root}/`),
  );
  return isConfigured && (isElsewhere || mount.source.startsWith('/dev/'));
}

function whyLeaked(volume: VolumeRecord | undefined, isTold: boolean): string {
  if (!volume) return 'no event of the journal knows this volume';
  if (volume.forgotten) return `an operator said forget at ${at(volume.forgotten)}`;
  const left = volume.left
    ? `${volume.left.container} was the last to leave it (${at(volume.left.when)})`
    : '';
  if (!isTold) return left ? `the events say that it was taken away; ${left}` : 'no event made it';
  return left
    ? `${left}, and nothing is under way to take it away`
    : 'nobody holds it, and nothing is under way to take it away';
}

function judgeDriverMount(mount: KernelMount, views: Views, judged: Judged): void {
  const { record, moment } = views;
  for (const volume of record.volumes.values()) {
    if (!isAt(volume, mount.target) || (!volume.mounted && !volume.cutOff && !volume.doing && !volume.asked))
      continue;
    const why = whyMounted(record, volume, moment);
    if (why) {
      const by = volume.mounted ? `; ${volume.mounted.by}, ${at(volume.mounted.when)}` : '';
      judged.explained.push(explained(mount.target, volume.key, 'driver', why, by));
    } else if (volume.mounted || volume.asked) {
      judged.findings.push({
        kind: 'leak',
        worst: false,
        what: `${volume.key} is mounted by its driver at ${mount.target}`,
        because: whyLeaked(volume, volume.mounted !== undefined),
        next: NEXT_DRIVER,
        target: mount.target,
        volume: volume.key,
      });
    }
  }
}

function explained(target: string, volume: string, mode: Explained['mode'], why: Why, by: string): Explained {
  return { target, volume, mode, ...why, because: `${why.because}${by}` };
}

function foreign({ target, source, fstype }: KernelMount, root: string): Finding {
  return {
    kind: 'foreign',
    worst: false,
    what: `${source} (${fstype}) is mounted at ${target}`,
    because: `it lies under the managed root, and is neither where a volume would be nor of a volume's file system`,
    next: `ask who mounted it, and umount it: everything under ${root} is the isolator's alone`,
    target,
  };
}

/** What the driver says that it has mounted for this agent, and the record knows nothing of. */
function judgeDriver(
  { name, answered, why, volumes }: DriverView,
  record: AuditRecord,
  judged: Judged,
): void {
  if (!answered) {
    judged.findings.push({
      kind: 'silent',
      worst: false,
      what: `driver ${name}: ${why}`,
      because: 'what it thinks is mounted is not known; the kernel was asked all the same',
      next: `look at the driver's service; moorage goes on by itself when it answers`,
    });
  }
  for (const { name: volumeName, mountpoint, ours } of volumes) {
    const key = `${name}/${volumeName}`;
    const known = record.volumes.get(key);
    const isKnown = known && (known.mounted || known.asked || known.doing || known.cutOff || known.older);
    if (!ours || mountpoint === undefined || isKnown) continue;
    judged.findings.push({
      kind: 'leak',
      worst: false,
      what: `${key} is mounted by its driver at ${mountpoint}`,
      because: `the driver names this agent as its user, and ${whyLeaked(known, false)}`,
      next: NEXT_DRIVER,
      target: mountpoint,
      volume: key,
    });
  }
}
