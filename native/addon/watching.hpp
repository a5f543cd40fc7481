#pragma once

#include <napi.h>

#include <memory>

#include "effects/mount_watch.hpp"

namespace moorage {

/** A mount watch of a JS environment, and whom it tells. Made and destroyed on the host thread. */
struct Watching {
  Napi::FunctionReference onGone;
  std::unique_ptr<MountWatch> watch;
};

}  // namespace moorage
