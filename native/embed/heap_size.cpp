#include "embed/heap_size.hpp"

#include <algorithm>

namespace moorage {
namespace {

constexpr uint64_t oldMostMib = 256;

}  // namespace

HeapSize heapSizeFor(const std::optional<MemoryLimit>& limit) {
  const uint64_t old = limit ? std::min(oldMostMib, (limit->bytes >> 20) / 4) : oldMostMib;
  return {old, std::max<uint64_t>(1, old / 16), std::max<uint64_t>(1, old / 4)};
}

}  // namespace moorage
