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

/** What is looked for in other mount namespaces. */
struct Sought {
  std::string dev;  // of the file system, `major:minor`
  std::string root;  // a directory of it
  /** Where the volume is, or was, mounted here. Every namespace begins with a copy of that, and has no more use of it than we have. */
  std::vector<std::string> copies;
};

/**
 * The namespaces that have `root` of the file system `dev`, or a directory below it, mounted, elsewhere than at `copies` or a
 * directory above one of those; one process each. Namespaces without a process in the caller's pid namespace cannot be seen. Fails rather than leave out a process
 * whose mounts it may not read.
 */
std::vector<Pin> findPins(const Sought& sought);

}  // namespace moorage
