#pragma once

#include <sys/types.h>

#include "agent/executor/spec.hpp"
#include "agent/executor/stage.hpp"

namespace moorage::agent::executor {

/**
 * Starts `sh -c cmd` in a session of its own, as the spec's user, with stdin from /dev/null and with descriptors
 * 0, 1 and 2 only.
 * It dies with its supervisor. Returns when the shell runs; throws when it could not be started, with the step that failed.
 */
pid_t startCommand(const Spec& spec, const Stage& stage);

}  // namespace moorage::agent::executor
