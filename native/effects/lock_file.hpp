#pragma once

namespace moorage {

/**
 * Takes an exclusive lock on the whole of an open file, without waiting.
 *
 * The lock belongs to the open file description (fcntl(2), F_OFD_SETLK): it ends with the last descriptor of that
 * opening, also when the process is killed, and two openings exclude each other even inside one process.
 *
 * `fd` must be open for writing. Returns false when somebody else has the lock; throws EffectError otherwise.
 */
bool lockFile(int fd);

/** Lets the lock go, if there is one. */
void unlockFile(int fd);

}  // namespace moorage
