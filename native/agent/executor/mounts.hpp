#pragma once

#include <string>

#include "effects/fd.hpp"

/**
 * Mounts by descriptors: a path is resolved once, so nobody can exchange what it leads to in between. All functions
 * throw.
 */
namespace moorage::agent::executor {

/** A mount namespace of its own, to which mounts of the agent's still come, and from which none go out. */
void enterOwnMountNamespace();

/** A copy of the mount at `path`, with all mounts below it and the flags of each, not attached anywhere yet. */
Fd cloneTree(const std::string& path);

/**
 * The same of a managed mount; a directory on which nothing is mounted (any more) is refused, for a copy of it would let the
 * task write to the disk of the agent.
 */
Fd cloneVolume(const std::string& path);

/** A fresh proc (nosuid, nodev, noexec), not attached anywhere yet. */
Fd newProc();

/** Attaches a tree to a directory. `words` says which one in a failure. */
void attach(const Fd& tree, const Fd& directory, const std::string& words);

/** A directory, opened for being a base or a mount target. */
Fd openBase(const std::string& path);

/** The directory `path` beneath `base`, without passing through any symbolic link. */
Fd openBeneath(const Fd& base, const std::string& path);

/** The same; directories that are missing are made (0755). */
Fd openOrMakeBeneath(const Fd& base, const std::string& path);

/** Whether an attached tree is what a process finds at `path` beneath `base`. */
bool isOnTop(const Fd& tree, const Fd& base, const std::string& path);

/** Whether the mount that a tree starts with refuses writes. */
bool isReadonly(const Fd& tree);

}  // namespace moorage::agent::executor
