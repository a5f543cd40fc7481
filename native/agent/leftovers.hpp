#pragma once

#include <string>

#include "agent/process.hpp"

namespace moorage::agent {

/**
 * Kills what is left of a container whose supervisor was itself killed, and so could not do it: every process in
 * its mount namespace.
 * Where the kernel gives namespaces no number of their own, an inode may be another container's by now: there the
 * process must
 * have the container's id in its environment, too. Returns how many were there; call again until it is 0.
 */
std::size_t killLeftovers(const std::string& id, const MountNamespace& mountNamespace);

}  // namespace moorage::agent
