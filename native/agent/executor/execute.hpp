#pragma once

namespace moorage::agent::executor {

/** The hidden verb of moorage-agent that is typed by nobody: the supervisor of one task. */
inline constexpr const char* verb = "execute";

/**
 * The supervisor's whole life: it takes its spec and its gate from the descriptors of spec.hpp, waits for go, sets
 * the stage, runs the
 * command to its end, and leaves the exit status in the checkpoint. It needs no agent once it has heard go.
 * Returns the exit code of the process.
 */
int execute();

}  // namespace moorage::agent::executor
