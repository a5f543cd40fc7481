#pragma once

#include <cstdint>
#include <string>

namespace moorage {

/**
 * File systems in memory (tmpfs) that live while they are mounted nowhere: they are kept in a mount namespace that no process lives in and the
 * mount table does not show, so that nothing counts them as in use. The namespace goes with the process, and with it whatever is not mounted elsewhere.
 */

struct MemoryRequest {
  /** What the mount table shows as the source. */
  std::string source;
  uint64_t sizeBytes;
  /** How many files it can hold; 0: as many as the kernel thinks right. */
  uint64_t inodes;
};

/** Makes an empty one, nosuid and nodev. Returns its number for the calls below. All of them throw EffectError. */
int makeMemory(const MemoryRequest& request);

/** Keeps the one that is mounted on `target` from now on, also when it is unmounted there. */
int keepMemory(const std::string& target);

/** Mounts it on `target`, an existing directory that is no mount yet. To be unmounted by unmountImage. */
void attachMemory(int number, const std::string& target);

/** Lets it go: it ends with its last mount. */
void dropMemory(int number);

}  // namespace moorage
