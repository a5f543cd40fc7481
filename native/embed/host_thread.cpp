#include "embed/host_thread.hpp"

#include "effects/signals.hpp"
#include "embed/environment.hpp"

namespace moorage {
namespace {

// Recursion in JS must find what V8 expects, whatever `ulimit -s` says.
constexpr size_t stackBytes = 8 * 1024 * 1024;

thread_local bool isHostThread = false;

void* runHost(void* argument) {
  const std::unique_ptr<std::shared_ptr<Session>> session(static_cast<std::shared_ptr<Session>*>(argument));
  pthread_setname_np(pthread_self(), "moorage-host");
  isHostThread = true;
  runEnvironment(*session);
  (*session)->ended();
  return nullptr;
}

}  // namespace

int startHostThread(const std::shared_ptr<Session>& session, pthread_t& thread) {
  const SignalsBlocked blocked;
  auto argument = std::make_unique<std::shared_ptr<Session>>(session);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stackBytes);
  const int error = pthread_create(&thread, &attributes, runHost, argument.get());
  pthread_attr_destroy(&attributes);
  if (error == 0) argument.release();
  return error;
}

bool onHostThread() { return isHostThread; }

}  // namespace moorage
