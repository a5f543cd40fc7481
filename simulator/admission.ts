import type { ReplyEffect } from '../host/frames/types.ts';
import { Violation } from './violation.ts';
import { keyOfTarget, type SimContainer, type World } from './world.ts';

/** Codes that say: you may not have this. */
const REFUSALS = new Set([
  'unknown-driver',
  'read-only',
  'create-not-allowed',
  'not-offered',
  'exclusive',
  'draining',
]);

/** The answer to a prepare: who may not have a volume is refused, and nobody is refused for a reason that there is not. */
export function checkAdmission(
  world: World,
  id: string,
  container: SimContainer | undefined,
  reply: ReplyEffect,
): void {
  if (id.endsWith('.debug')) checkDebug(id, reply);
  else if (id.startsWith('another ')) checkAnother(id, reply);
  else if (container) checkOwn(world, id, container, reply);
}

function checkOwn(world: World, id: string, container: SimContainer, reply: ReplyEffect): void {
  const { refusals, wants, phase } = container;
  if (phase !== 'asked') return;
  if (reply.ok && refusals.length > 0)
    throw new Violation('admitted', `${id} is answered ok, and is to be refused: ${refusals.join(', ')}`);
  if (reply.ok) checkModes(container, reply);
  const code = reply.error?.code ?? '';
  if (reply.ok || !REFUSALS.has(code) || refusals.includes(code)) return;
  const isHeld = [...world.containers.values()].some(
    (other) =>
      other !== container &&
      (other.survivor ||
        mayBeEarlier(other, reply) ||
        other.wants.some(({ key }) => wants.some((want) => want.key === key))),
  );
  if (code === 'exclusive' && isHeld) return;
  throw new Violation('admitted', `${id} is refused without a reason: ${code}: ${reply.error?.message}`);
}

/** Each volume is given as it was asked for: who may only read cannot write, and who may write can. */
function checkModes({ id, wants }: SimContainer, { mounts = [] }: ReplyEffect): void {
  for (const { source, readonly } of mounts) {
    const want = wants.find(({ key }) => key === keyOfTarget(source));
    if (!want || want.readonly !== readonly)
      throw new Violation(
        'admitted',
        `${id} is given ${source} ${readonly ? 'to read' : 'to write'}, and is not to have it so`,
      );
  }
}

/**
 * The cleanup of a container was lost with the host, and so was the prepare of the next one of that id: the policy has heard of no
 * other than the first, and the agent says that the id still has to be cleaned up.
 */
function mayBeEarlier({ id, voided }: SimContainer, { error }: ReplyEffect): boolean {
  const said = error?.message ?? '';
  return (
    voided &&
    (said.endsWith(`held by container ${id}`) || said.endsWith(`container ${id} of before may hold it`))
  );
}

function checkDebug(id: string, reply: ReplyEffect): void {
  if (!reply.ok || (reply.mounts ?? []).length > 0)
    throw new Violation('admitted', `${id} asks for nothing, and is answered ${JSON.stringify(reply)}`);
}

function checkAnother(id: string, reply: ReplyEffect): void {
  if (reply.ok)
    throw new Violation('admitted', `${id}: prepared with other volumes than before, and answered ok`);
}

/** What is never refused: the end of a container, its process, a configuration, a recovery. */
export function checkTaken({ type, id }: { type: string; id: string }, reply: ReplyEffect): void {
  if (reply.ok || type === 'operator') return;
  const rule = type === 'recover' || type === 'configure' ? 'starts' : 'answered';
  throw new Violation(rule, `${type} ${id} is refused: ${reply.error?.message}`);
}
