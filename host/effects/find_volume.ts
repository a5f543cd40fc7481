import type { Answer } from './plugin_api.ts';
import { objectOf, textOf } from './plugin_api.ts';

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

/**
 * Asks Get; a driver that refuses it may mean that there is no such volume, or that it is busy, or that it has no Get. So a
 * refusal is held against List, and without Get there is still Path.
 */
export async function findVolume(name: string, ask: Ask): Promise<Found> {
  const got = await ask('Get', { Name: name });
  if (got.ok) {
    const path = textOf(objectOf(got.body, 'Volume'), 'Mountpoint');
    return { answered: true, exists: true, ...(path === '' ? await pathOf(name, ask) : { path }) };
  }
  if (got.error.kind !== 'refused') return { answered: false, refusal: got };
  const listed = await ask('List', {});
  if (listed.ok) {
    const exists = namesIn(listed.body).includes(name);
    const mayBeThere = exists && got.error.code === 'unsupported';
    return {
      answered: mayBeThere || !exists,
      exists,
      refusal: got,
      ...(mayBeThere ? await pathOf(name, ask) : {}),
    };
  }
  const path = got.error.code === 'unsupported' ? await pathOf(name, ask) : {};
  return { answered: path.path !== undefined, refusal: got, ...path };
}

async function pathOf(name: string, ask: Ask): Promise<{ path?: string }> {
  const answer = await ask('Path', { Name: name });
  const path = answer.ok ? textOf(answer.body, 'Mountpoint') : '';
  return path === '' ? {} : { path };
}

function namesIn(body: Record<string, unknown>): unknown[] {
  const volumes = Array.isArray(body.Volumes) ? body.Volumes : [];
  return volumes.map((volume) => (typeof volume === 'object' && volume !== null ? volume.Name : undefined));
}
