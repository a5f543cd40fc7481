#pragma once

#include <string>

#include "effects/fd.hpp"

/**
 * Where mounts are made ready on kernels that have no detached ones (before 5.2): a file system in memory that covers /sys,
 * in the supervisor's own namespace only, until the task's mounts are in their places. All functions throw.
 */
namespace moorage::agent::executor {

/** A copy of the mount at an opened directory, with all mounts below it. `words` says which one in a failure. */
Fd copyOnWorkbench(const Fd& source, const std::string& words);

/** A fresh proc (nosuid, nodev, noexec). */
Fd procOnWorkbench();

/** Whether a mount at this path is one that is made ready. */
bool isOnWorkbench(const std::string& target);

/** Takes it away, with what is still on it; nothing where it was never needed. */
void clearWorkbench();

}  // namespace moorage::agent::executor
