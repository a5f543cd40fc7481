import type { Clock } from '../clock.ts';

/** Time for events, which can be made to stand still: then nothing that the policy has planned falls due. */
export interface HeldTime extends Clock {
  /** Time stands still at `at`, until it is released, or for a minute. */
  hold(at: number): void;
  release(): void;
  isHeld(): boolean;
}

/** So long time stands still before the policy is asked again whether it can do what is due; when it fails it is held again. */
const RETRY_MS = 60_000;

/** `tryAll`: time goes on, and whatever fell due meanwhile is to be looked at. */
export function createHeldTime(clock: Clock, tryAll: () => void, retryMs = RETRY_MS): HeldTime {
  let heldAt: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  function release(): void {
    if (heldAt === undefined) return;
    clearTimeout(timer);
    heldAt = undefined;
    tryAll();
  }

  return {
    now: () => heldAt ?? clock.now(),
    hold(at) {
      clearTimeout(timer);
      heldAt = at;
      timer = setTimeout(release, retryMs);
      timer.unref();
    },
    release,
    isHeld: () => heldAt !== undefined,
  };
}
