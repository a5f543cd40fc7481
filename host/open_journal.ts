import { encodeEffect } from './frames/effect_frame.ts';
import { FORMAT } from './journal/format.ts';
import { continueJournal, type JournalWriter } from './journal/journal_writer.ts';
import type { Restored } from './journal/restored.ts';
import type { StartOptions } from './start.ts';

/** Something that nobody asked for is said: in the log, and to the embedding program. */
export type Announce = (level: 'info' | 'warn' | 'error', code: string, message: string) => void;

export function announcer({ log, notice }: StartOptions): Announce {
  return (level, code, message) => {
    log(level, `${code}: ${message}`);
    notice(encodeEffect({ type: 'alert', level, code, message }));
  };
}

/** The journal from its end on: in its last segment, when this version writes such. */
export function writeOn(
  directory: string,
  past: Restored,
  run: Parameters<typeof continueJournal>[0]['run'],
  { binding, journal: sizes = {} }: StartOptions,
  announce: Announce,
): JournalWriter {
  const { last, replayed, nextNumber } = past;
  const goesOn = last && last.segment.header?.format === FORMAT;
  return continueJournal({
    directory,
    run,
    end: goesOn
      ? { number: last.number, size: last.segment.wholeSize }
      : { number: nextNumber, size: undefined },
    events: replayed.events,
    effectsBefore: replayed.lastEffects,
    sizes,
    allocate: binding.allocateFile,
    onFull(why) {
      if (why === undefined)
        announce('info', 'storage', `journal ${directory}: there is room again; tasks are taken`);
      else
        announce(
          'error',
          'storage',
          `journal ${directory}: no room (${why}); new tasks are refused until there is, what runs goes on`,
        );
    },
    onSnapshotFailed: (error) =>
      announce(
        'warn',
        'storage',
        `journal ${directory}: no snapshot could be written (${error.message}); tried again later`,
      ),
  });
}
