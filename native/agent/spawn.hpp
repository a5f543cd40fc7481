#pragma once

#include <sys/types.h>

#include "agent/executor/spec.hpp"
#include "effects/fd.hpp"

namespace moorage::agent {

/** A supervisor that was just started and waits at its gate. */
struct Supervisor {
  pid_t pid = 0;
  Fd process;
  Fd gate;
};

/** Starts this program again as the supervisor of a task. Throws. */
Supervisor spawnSupervisor(const executor::Spec& spec);

}  // namespace moorage::agent
