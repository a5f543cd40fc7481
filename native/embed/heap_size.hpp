#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "embed/memory_limit.hpp"

namespace moorage {

/**
 * Measured: 25 MiB of its own, and 45 of libraries of which the kernel takes back what is not in use. With a limit of 96 MiB the heap may be 24,
 * and a host that fills it up comes back.
 */
constexpr uint64_t memoryMinBytes = 96 << 20;

/** How large the heap of a host may become, in MiB. */
struct HeapSize {
  size_t oldMib;      // what lives long; V8 calls it the old space
  size_t newMib;      // one of the (up to three) halves in which new objects are made
  size_t reserveMib;  // given on top when it is full, for the stop in order
};

/**
 * V8's own limit follows from the memory of the machine and knows nothing of groups: the kernel would kill the agent long before. A quarter of
 * the group's memory leaves room for the agent, the policies, and a second
 * heap while the first is cleared up.
 */
HeapSize heapSizeFor(const std::optional<MemoryLimit>& limit);

}  // namespace moorage
