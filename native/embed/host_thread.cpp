#include "embed/host_thread.hpp"

#include "embed/environment.hpp"
#include "embed/thread.hpp"

namespace moorage {
namespace {

// Recursion in JS must find what V8 expects, whatever `ulimit -s` says.
constexpr size_t hostStackBytes = size_t{8} * 1024 * 1024;

thread_local bool isHostThread = false;

void* runHost(void* argument) {
  const std::unique_ptr<std::shared_ptr<Life>> life(static_cast<std::shared_ptr<Life>*>(argument));
  pthread_setname_np(pthread_self(), "moorage-host");
  isHostThread = true;
  runEnvironment(*life);
  (*life)->over(Over::ended);
  return nullptr;
}

}  // namespace

int startHostThread(const std::shared_ptr<Life>& life, pthread_t& thread) {
  return startThread(runHost, std::make_unique<std::shared_ptr<Life>>(life), hostStackBytes, thread);
}

bool onHostThread() { return isHostThread; }

}  // namespace moorage
