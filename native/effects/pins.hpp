#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moorage {

/** A mount namespace other than the caller's that still has a directory of a file system mounted. */
struct Pin {
  int pid = 0;
  uint64_t mountNamespace = 0;  // its inode; 0 when the kernel does not let us read it
};

/**
 * The namespaces that have `root` of the file system `dev` (`major:minor`), or a directory below it, mounted; one process
 * each. Namespaces without a process in the caller's pid namespace cannot be seen. Fails rather than leave out a process
 * whose mounts it may not read.
 */
std::vector<Pin> findPins(const std::string& dev, const std::string& root);

}  // namespace moorage
