#pragma once

#include <node.h>

#include <optional>
#include <string>
#include <vector>

#include "embed/heap_size.hpp"

namespace moorage {

/** What is set up once in a process for all environments, and never torn down. */
struct NodeRuntime {
  node::MultiIsolatePlatform* platform = nullptr;
  std::vector<std::string> args;
  std::vector<std::string> execArgs;
  HeapSize heap{};                         // of each environment
  std::optional<MemoryLimit> memoryLimit;  // which the heap was made for
  std::string error;  // why there is none; then nothing else counts
};

/** Sets V8 and Node up at the first call; call it on a host thread. Changes no signal disposition, limit or stdio. */
const NodeRuntime& nodeRuntime();

}  // namespace moorage
