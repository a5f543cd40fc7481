#pragma once

#include <pthread.h>

#include <memory>
#include <string>

#include "embed/session.hpp"

namespace moorage {

/**
 * Starts the host of a session on a thread of its own with a stack of 8 MiB, which takes no signals of the process.
 * The session's `ended` is the last thing that it does. Returns an errno value, 0 when it runs; `thread` is then to be joined or
 * detached. Who lets the process exit joins it first: libnode's static destructors must not run beside the end of its thread.
 */
int startHostThread(const std::shared_ptr<Session>& session, pthread_t& thread);

/** Whether the caller runs on a host thread. */
bool onHostThread();

}  // namespace moorage
