#pragma once

#include <sys/types.h>

#include "agent/exit_status.hpp"
#include "effects/fd.hpp"

namespace moorage::agent::executor {

/** How long a task that is told to end (SIGTERM) may take before it is killed, milliseconds. */
inline constexpr int graceMs = 3000;

/** Blocks the signals that {@link supervise} waits for, and opens them. Throws. */
Fd openSignals();

/**
 * Waits until the command has ended, passes SIGTERM on to its process group, and sees to it that no process of the
 * container is left
 * when it returns. `proc` is an open /proc.
 */
ExitStatus supervise(pid_t command, const Fd& signals, const Fd& proc);

/**
 * Kills and reaps every process of the container until there is none. Returns the wait status of `command`, -1
 * when it was not
 * among them (0 as `command`: there is none).
 */
int killAll(pid_t command, const Fd& proc);

}  // namespace moorage::agent::executor
