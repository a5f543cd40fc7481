#pragma once

#include <string>
#include <vector>

#include "effects/fd.hpp"

namespace moorage {

/** A place below the managed root: `<root>/<driver>/<name>` as parts. */
struct ManagedPath {
  std::string root;
  std::string target;
  std::vector<std::string> parts;  // of `target`, relative to `root`; never empty
};

/** Refused with `bad-path` unless `target` is absolute and below `root`. */
ManagedPath managedPath(const std::string& root, const std::string& target);

/** The managed root, reached without passing a symbolic link. */
Fd openRoot(const std::string& root);

/**
 * The directory of a managed mount with its parents, made 0700 where missing, opened O_PATH. Nothing may be mounted on the
 * way or there: refused with `target-busy`.
 */
Fd makeManagedDir(int root, const ManagedPath& path);

/** Removes the directory and its parents below the root as far as they are empty; what cannot be removed stays. */
void removeManagedDir(int root, const ManagedPath& path);

}  // namespace moorage
