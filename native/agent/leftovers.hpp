#pragma once

#include <string>

#include "agent/process.hpp"

namespace moorage::agent {

/**
 * Kills what is left of a container whose supervisor was itself killed, and so could not do it: every process in its mount
 * namespace, and every one that has the container's id in its environment, wherever it went. Where the kernel gives
 * namespaces no number of their own, an inode may be another container's by now: there only the environment counts.
 * Returns how many were there; call again until it is 0.
 */
std::size_t killLeftovers(const std::string& id, const MountNamespace& mountNamespace);

}  // namespace moorage::agent
