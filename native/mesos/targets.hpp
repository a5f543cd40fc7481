#pragma once

#include <string>

#include "frames/answers.hpp"

namespace moorage::module {

/** Where a container's own files are, as the agent sees them. */
struct Place {
  std::string sandbox;
  /** Empty: the container sees the agent's files. */
  std::string rootfs;
  /** Where a container with a rootfs sees its sandbox. */
  std::string sandboxDirectory;
};

/**
 * Where the launcher has to mount, as an absolute path in the agent's file system. The sandbox is bound into a rootfs before
 * the mounts of this module, so that a relative path of such a container lies below that bind and not below the sandbox itself.
 */
inline std::string targetOf(const frames::Mount& mount, const Place& place) {
  const bool absolute = !mount.target.empty() && mount.target.front() == '/';
  if (absolute) return place.rootfs + mount.target;
  if (place.rootfs.empty()) return place.sandbox + "/" + mount.target;
  return place.rootfs + place.sandboxDirectory + "/" + mount.target;
}

}  // namespace moorage::module
