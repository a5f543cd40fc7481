import { RETRY_FIRST_MS, RETRY_WAITED_MAX_MS } from '../limits.ts';
import { PREPARING } from '../state/container.ts';
import { countUsers, state } from '../state/state.ts';
import { Volume } from '../state/volume.ts';
import { hash } from '../text.ts';

/** Doubles with each attempt up to `most`, and up to a quarter more, so that volumes that failed together do not return together. */
export function backoff(key: string, attempt: i32, most: f64): f64 {
  let delay = RETRY_FIRST_MS;
  for (let i = 1; i < attempt && delay < most; i++) delay *= 2;
  if (delay > most) delay = most;
  const spread = Math.floor(delay / 4);
  return delay + Math.floor((spread * f64((hash(key) + u32(attempt) * 40503) & 1023)) / 1024);
}

/** Remembers why it failed and tries again later; sooner while a task waits for it. */
export function retryLater(volume: Volume, code: string, failure: string): void {
  volume.attempt += 1;
  volume.failureCode = code;
  volume.failure = failure;
  const longest = state.configured().retryMaxMs;
  const most =
    countUsers(volume, PREPARING) > 0 && longest > RETRY_WAITED_MAX_MS ? RETRY_WAITED_MAX_MS : longest;
  state.retryVolume(volume, state.now + backoff(volume.key, volume.attempt, most > 0 ? most : 1));
}
