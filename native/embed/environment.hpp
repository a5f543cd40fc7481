#pragma once

#include <memory>

#include "embed/life.hpp"

namespace moorage {

/**
 * Runs one JS environment with the host bundle on the calling thread until it ends, and tells the life why. When V8 is out of
 * memory it never returns: it says `over` itself, and the thread is parked, for V8 cannot go on.
 */
void runEnvironment(const std::shared_ptr<Life>& life);

}  // namespace moorage
