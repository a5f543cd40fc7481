#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace moorage {

/** A limit on the memory that a group of processes has together. */
struct MemoryLimit {
  uint64_t bytes = 0;
  std::string file;  // where it stands
};

/**
 * The lowest limit of the groups (cgroups(7), both versions) that this process is in, those above its own included; more than that and the
 * kernel kills. Empty where there is none, or where it cannot be seen from here.
 */
std::optional<MemoryLimit> findMemoryLimit();

/** `300 MiB (FILE)`. */
std::string describe(const MemoryLimit& limit);

}  // namespace moorage
