#pragma once

#include <memory>

#include "embed/session.hpp"

namespace moorage {

/**
 * Runs one JS environment with the host bundle on the calling thread until it ends, and says `down` to the session before it
 * returns. When the heap is exhausted it never returns: the thread is parked, for V8 cannot go on.
 */
void runEnvironment(const std::shared_ptr<Session>& session);

}  // namespace moorage
