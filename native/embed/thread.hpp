#pragma once

#include <pthread.h>

#include <cstddef>
#include <memory>

#include "effects/signals.hpp"

namespace moorage {

/**
 * Starts a thread with a stack of so many bytes, which takes no signals of the process. `body` owns the argument when it runs. Returns an errno
 * value, 0 when it runs; `thread` is then to be joined or detached.
 */
template <typename Argument>
int startThread(void* (*body)(void*), std::unique_ptr<Argument> argument, size_t stackBytes, pthread_t& thread) {
  const SignalsBlocked blocked;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stackBytes);
  const int error = pthread_create(&thread, &attributes, body, argument.get());
  pthread_attr_destroy(&attributes);
  if (error == 0) static_cast<void>(argument.release());
  return error;
}

}  // namespace moorage
