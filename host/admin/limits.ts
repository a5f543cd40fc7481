/** What a client of the admin socket may take. It serves people and their tools, a few at a time; whoever takes longer or sends more is cut off. */

/** Bytes of the sentence that asks, and of what comes with it. */
export const HEADERS_MAX = 8 * 1024;
export const BODY_MAX = 64 * 1024;
/** Clients at the same time; a further one is turned away at once. */
export const CONNECTIONS_MAX = 32;
/** A request must be in within this time. */
export const REQUEST_MS = 5_000;
/** A connection on which nothing moves is closed after it: a client that does not read, or does not ask. */
export const SILENCE_MS = 15_000;
/** A route that has not answered by then is answered for. */
export const ANSWER_MS = 25_000;
/** Bytes that the path of a unix socket may have (unix(7): 108 with the zero at its end). */
export const SOCKET_PATH_MAX = 107;
