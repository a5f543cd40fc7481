#pragma once

#include "agent/executor/spec.hpp"
#include "effects/fd.hpp"

namespace moorage::agent::executor {

/** What the command starts with. */
struct Stage {
  /** Working directory. */
  Fd sandbox;
  Fd output;
  Fd errors;
};

/**
 * Puts sandbox, volumes and rootfs in place in this process's mount namespace, which must be one of its own, and enters the
 * rootfs where there is one. Throws, with the volume and the path in the words.
 */
Stage setStage(const Spec& spec);

}  // namespace moorage::agent::executor
