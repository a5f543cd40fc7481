export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Where the host says what happens; the embedding program decides where it goes. */
export type Log = (level: Level, text: string) => void;

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** The same log without what is less than this level. */
export function atLeast(least: Level, log: Log): Log {
  return (level, text) => {
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(least)) log(level, text);
  };
}
