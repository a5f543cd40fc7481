#pragma once

#include <pthread.h>

#include <memory>
#include <string>

#include "embed/session.hpp"

namespace moorage {

/**
 * Starts the thread that looks after a session: it starts the host, asks it for signs of life, starts a new one when it has died, answers what
 * no host took in time, and ends all at the close. When the first host does not come up, it ends. Returns an errno value, 0
 * when it runs; `thread` is then to be joined or detached.
 */
int startSupervisor(const std::shared_ptr<Session>& session, pthread_t& thread);

/** Whether the caller runs on a supervisor's thread. */
bool onSupervisorThread();

}  // namespace moorage
