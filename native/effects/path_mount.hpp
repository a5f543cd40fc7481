#pragma once

#include <cstdint>
#include <string>

namespace moorage {

/** Where a path lies: the mount that holds it. */
struct PathMount {
  uint64_t mountId = 0;
  std::string dev;
  std::string fstype;
  std::string root;    // directory of the file system that the path is
  std::string target;  // where the mount is mounted
  bool ownMount = false;  // the mount's root is the path or the path's parent, and the mount is not `/`
};

/** The mount that `fd` lies on. Throws EffectError. */
PathMount mountOfFd(int fd);

/** The mount that `path` (absolute, links are followed) lies on; fails with ENOENT when there is nothing. */
PathMount mountOfPath(const std::string& path);

/** Id of the mount that `fd` lies on, and whether `fd` is its root. Does not ask the file system's server. */
struct MountPlace {
  uint64_t mountId = 0;
  bool mountRoot = false;
};
MountPlace placeOfFd(int fd);

}  // namespace moorage
