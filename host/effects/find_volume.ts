import { failure } from './outcome.ts';
import type { Answer } from './plugin_api.ts';
import { mountpointOf, objectOf } from './plugin_api.ts';

/** One call of the volume's driver: `Get`, `Path`, `List`. */
export type Ask = (method: string, body: object) => Promise<Answer>;

/** What a driver says of a volume. `exists` is absent when it cannot tell. */
export interface Found {
  /** It gave an answer that can be relied on. */
  answered: boolean;
  exists?: boolean;
  /** Where it says that the volume is mounted: a hint, the kernel decides. */
  path?: string;
  /** Its last words when it refused. */
  refusal?: Answer & { ok: false };
}

/** A call that is to be made next: method and body. Its answer is handed in. */
export type Asking<Result> = Generator<readonly [method: string, body: object], Result, Answer>;

/** {@link finding}, with calls that take their time. */
export async function findVolume(name: string, ask: Ask): Promise<Found> {
  const search = finding(name);
  let step = search.next();
  while (!step.done) step = search.next(await ask(...step.value));
  return step.value;
}

/**
 * Asks Get; a driver that refuses it may mean that there is no such volume, or that it is busy, or that it has no Get. So a
 * refusal is held against List, and without Get there is still Path. Which call comes next is said here, whoever makes it.
 */
export function* finding(name: string): Asking<Found> {
  const got = named(name, yield ['Get', { Name: name }]);
  if (got.ok) {
    const path = hintOf(objectOf(got.body, 'Volume'));
    return { answered: true, exists: true, ...(path === '' ? yield* pathOf(name) : { path }) };
  }
  if (got.error.kind !== 'refused') return { answered: false, refusal: got };
  const listed = withVolumes(yield ['List', {}]);
  if (listed.ok) {
    const exists = namesIn(listed.body).includes(name);
    const mayBeThere = exists && isMute(got);
    // That it has no Get is no word on a volume that List does not have.
    const says = exists || !isMute(got);
    return {
      answered: mayBeThere || !exists,
      exists,
      ...(says ? { refusal: got } : {}),
      ...(mayBeThere ? yield* pathOf(name) : {}),
    };
  }
  if (!isMute(got)) return { answered: false, refusal: got };
  const answer = yield ['Path', { Name: name }];
  const path = answer.ok ? hintOf(answer.body) : '';
  // A driver that has neither Get nor List can only say where the volume is, or that it is nowhere.
  const isAll = listed.error.code === 'unsupported' && isAnswer(answer);
  return { answered: isAll || path !== '', refusal: got, ...(path === '' ? {} : { path }) };
}

/** A Get that went well and names no volume says nothing: Docker's own drivers always do. */
function named(name: string, got: Answer): Answer {
  const isNamed = got.ok && typeof got.body.Volume === 'object' && got.body.Volume !== null;
  if (!got.ok || isNamed) return got;
  return failure('refused', 'no-volume', `Get of ${name} is answered without a volume`) as Answer;
}

/** So does a List without volumes; `null` is how some say that there are none. */
function withVolumes(listed: Answer): Answer {
  if (!listed.ok || 'Volumes' in listed.body) return listed;
  return failure('refused', 'no-volumes', 'List is answered without volumes') as Answer;
}

/** Nothing was said about the volume. */
function isMute(got: Answer & { ok: false }): boolean {
  return got.error.code === 'unsupported' || got.error.code === 'no-volume';
}

/** The driver knows the call and said something. */
function isAnswer(answer: Answer): boolean {
  return answer.ok || (answer.error.kind === 'refused' && answer.error.code !== 'unsupported');
}

/** Where a driver says that the volume is; '' when that can be no place. */
function hintOf(body: Record<string, unknown>): string {
  const path = mountpointOf(body);
  return path.startsWith('/') ? path : '';
}

function* pathOf(name: string): Asking<{ path?: string }> {
  const answer = yield ['Path', { Name: name }];
  const path = answer.ok ? hintOf(answer.body) : '';
  return path === '' ? {} : { path };
}

function namesIn(body: Record<string, unknown>): unknown[] {
  const volumes = Array.isArray(body.Volumes) ? body.Volumes : [];
  return volumes.map((volume) => (typeof volume === 'object' && volume !== null ? volume.Name : undefined));
}
