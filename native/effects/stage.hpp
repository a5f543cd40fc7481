#pragma once

#include <string>

#include "effects/fd.hpp"

namespace moorage {

/**
 * A place below the managed root where one mount is made ready on kernels that have no detached ones: a directory bound to
 * itself and private, so that what is done there is copied into no other namespace and can be moved out. It and what
 * is still in it go away with the object. A crash leaves one behind: clearStages takes it away.
 */
class Stage {
 public:
  /** Throws EffectError. */
  explicit Stage(int managedRoot);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /** A bind of the directory `source`: private, nosuid, nodev, read-only where asked. `shown` names it in errors. */
  Fd copy(int source, bool readonly, const std::string& shown);

 private:
  Fd openTop() const;

  int managedRoot_;
  std::string name_;
  Fd floor_;  // the directory's bind of itself
};

/** Takes away the stages that a crash has left below the managed root. */
void clearStages(int managedRoot);

}  // namespace moorage
