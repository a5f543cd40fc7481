#pragma once

#include <pthread.h>

#include <memory>

#include "embed/life.hpp"

namespace moorage {

/**
 * Starts the thread of a life, with a stack of 8 MiB; it takes no signals of the process. The life's `over` is the last thing that it
 * does. Returns an errno value, 0 when it runs; `thread` is then to be joined or detached. Who lets the process exit joins it first:
 * libnode's static destructors must not run beside the end of its thread.
 */
int startHostThread(const std::shared_ptr<Life>& life, pthread_t& thread);

/** Whether the caller runs on a host thread. */
bool onHostThread();

}  // namespace moorage
