#pragma once

#include <sys/types.h>

#include <vector>

#include "effects/fd.hpp"

namespace moorage::agent::executor {

/**
 * The processes of this supervisor's container, without itself and without zombies: its descendants (as a subreaper it
 * inherits those whose parents died, so nobody leaves the tree) and whoever else entered its mount namespace.
 */
std::vector<pid_t> containerMembers(const Fd& proc);

}  // namespace moorage::agent::executor
