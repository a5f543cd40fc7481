import type { Policy } from '../../host/policy/policy.ts';
import { PolicyError } from '../../host/policy/policy_error.ts';

/** Whether the state goes over to another policy, and back. */
export interface Migration {
  /** Bytes of the state as the deciding policy keeps it; 0 while a recovery is coming in: then there is none to take over. */
  from: number;
  /** As the other one keeps it. */
  to: number;
  /** Why it cannot be taken over; absent when it can. */
  problem?: string;
  /** Why the deciding policy could not take it back; absent when it could. */
  noWayBack?: string;
}

/** Gives the state to a fresh instance of the other policy, and what that makes of it back. */
export function migrate(deciding: Policy, start: () => Policy): Migration {
  const state = deciding.snapshot();
  if (!state) return { from: 0, to: 0 };
  const other = start();
  let there: Uint8Array | undefined;
  try {
    other.restore(state);
    there = other.snapshot();
    if (!there) throw new PolicyError('it keeps nothing of the state that it took');
    const twin = start();
    twin.restore(there);
    const again = twin.snapshot();
    if (!again || Buffer.compare(again, there) !== 0)
      throw new PolicyError('restored from its own state it has another one');
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return { from: state.length, to: there?.length ?? 0, problem: error.message };
  }
  const noWayBack = wayBack(deciding, state, there);
  return { from: state.length, to: there.length, ...(noWayBack !== undefined && { noWayBack }) };
}

/** The deciding instance is in `state` again afterwards. */
function wayBack(deciding: Policy, state: Uint8Array, there: Uint8Array): string | undefined {
  try {
    deciding.restore(there);
    return undefined;
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  } finally {
    deciding.restore(state);
  }
}
