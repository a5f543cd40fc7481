#pragma once

#include <memory>
#include <string>

#include "effects/fd.hpp"

namespace moorage {

class Stage;

/**
 * A copy of a mount that nobody sees before it is complete: nosuid, nodev, private, read-only where asked. It is detached
 * where the kernel has such (Linux 5.12), else it is made ready in a private stage below the managed root. One that is
 * not attached goes away with the object.
 */
class MountCopy {
 public:
  /** Of the mount that `source` lies on, with `source` as its root. `shown` names it in errors. Throws EffectError. */
  MountCopy(int source, bool readonly, int managedRoot, const std::string& shown);
  ~MountCopy();
  MountCopy(const MountCopy&) = delete;
  MountCopy& operator=(const MountCopy&) = delete;

  /** The copy's root. */
  int fd() const { return tree_.get(); }

  /** Puts it onto the directory `target`. Throws EffectError; `shown` names the target. */
  void attach(int target, const std::string& shown);

 private:
  bool makeDetached(int source, bool readonly, const std::string& shown);

  std::unique_ptr<Stage> stage_;
  Fd tree_;
};

}  // namespace moorage
