#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "effects/fd.hpp"

namespace moorage::agent::executor {

/** A process by what nobody else gets while the machine runs. */
struct Member {
  pid_t pid;
  std::uint64_t startTime;
};

/**
 * The processes of this supervisor's container, without itself and without zombies: its descendants (as a subreaper it
 * inherits those whose parents died, so nobody leaves the tree) and whoever else entered its mount namespace.
 */
std::vector<Member> containerMembers(const Fd& proc);

}  // namespace moorage::agent::executor
