#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moorage::module {

/** How full a volume is. */
struct Space {
  std::string driver;
  std::string name;
  /** The managed mount that was asked. */
  std::string path;
  bool readonly = false;
  std::uint64_t bytes = 0;
  std::uint64_t bytesUsed = 0;
  /** For a task that is not root. */
  std::uint64_t bytesFree = 0;
  std::uint64_t inodesUsed = 0;
  std::uint64_t inodesFree = 0;
};

/**
 * Asks the file systems below `root` at these managed mounts. One that does not answer (a storage that hangs) makes this call hang, so
 * it wants a thread of its own; one that fails is left out.
 */
std::vector<Space> measure(const std::string& root, const std::vector<std::string>& paths);

/** The managed mounts whose file systems and directories the process `pid` has mounted as well. None when it is gone. */
std::vector<std::string> managedMountsOf(int pid, const std::string& root);

}  // namespace moorage::module
