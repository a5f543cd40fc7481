/** Work that is done a piece at a time: each `next` does one, the last one returns the result. */
export type Parts<Result> = Generator<undefined, Result, undefined>;

/** What a policy's `snapshotPart` and `restorePart` answer when there is more to do; else a size. */
const MORE = -1;

/**
 * Calls `part`, with 1 for the first piece and 0 for those after it, until there is no more to do; returns what the last one left. `take` runs
 * one piece, and gives so many bytes of the policy's output as that answers.
 */
export function* pieces(
  take: (run: () => number) => Uint8Array,
  part: (begin: number) => number,
): Parts<Uint8Array> {
  for (let begin = 1; ; begin = 0) {
    let isWhole = true;
    const bytes = take(() => {
      const size = part(begin);
      isWhole = size !== MORE;
      return isWhole ? size : 0;
    });
    if (isWhole) return bytes;
    yield;
  }
}
