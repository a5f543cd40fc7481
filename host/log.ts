export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Where the host says what happens; the embedding program decides where it goes. */
export type Log = (level: Level, text: string) => void;
