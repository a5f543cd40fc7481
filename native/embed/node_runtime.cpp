#include "embed/node_runtime.hpp"

#include <v8.h>

#include <memory>

namespace moorage {
namespace {

constexpr int platformThreads = 2;

node::ProcessInitializationFlags::Flags processFlags() {
  using namespace node::ProcessInitializationFlags;
  const uint64_t flags = kDisableNodeOptionsEnv | kNoStdioInitialization | kNoDefaultSignalHandling | kNoInitializeV8 |
                         kNoInitializeNodeV8Platform | kNoInitOpenSSL | kNoParseGlobalDebugVariables | kNoAdjustResourceLimits |
                         kNoUseLargePages | kNoPrintHelpOrVersionOutput;
  return static_cast<Flags>(flags);
}

NodeRuntime setUp() {
  NodeRuntime runtime;
  runtime.memoryLimit = findMemoryLimit();
  runtime.heap = heapSizeFor(runtime.memoryLimit);
  const std::vector<std::string> arguments = {"moorage", "--max-old-space-size=" + std::to_string(runtime.heap.oldMib),
                                              "--max-semi-space-size=" + std::to_string(runtime.heap.newMib)};
  const auto result = node::InitializeOncePerProcess(arguments, processFlags());
  if (result->early_return() || result->exit_code() != 0) {
    runtime.error = "libnode refused to start";
    for (const std::string& error : result->errors()) runtime.error += ": " + error;
    return runtime;
  }
  // Never freed: its destructor would wait for threads that a forked child does not have.
  runtime.platform = node::MultiIsolatePlatform::Create(platformThreads).release();
  v8::V8::InitializePlatform(runtime.platform);
  v8::V8::Initialize();
  runtime.args = result->args();
  runtime.execArgs = result->exec_args();
  return runtime;
}

}  // namespace

const NodeRuntime& nodeRuntime() {
  static const NodeRuntime* runtime = new NodeRuntime(setUp());
  return *runtime;
}

}  // namespace moorage
