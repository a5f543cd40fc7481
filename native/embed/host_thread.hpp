#pragma once

#include <memory>
#include <string>

#include "embed/session.hpp"

namespace moorage {

/**
 * Starts the host of a session on a detached thread of its own with a stack of 8 MiB, which takes no signals of the process.
 * The session's `ended` is the last thing that it does. Returns an errno value, 0 when it runs.
 */
int startHostThread(const std::shared_ptr<Session>& session);

/** Whether the caller runs on a host thread. */
bool onHostThread();

}  // namespace moorage
