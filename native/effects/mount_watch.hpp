#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "effects/mount_events.hpp"

namespace moorage {

/** A mount, and a path that lies on it. Ids of the table, where there are no unique ones, are given away again: the path tells then. */
struct WatchedMount {
  uint64_t mountId = 0;
  std::string path;
};

/**
 * Says when mounts vanish from this process' namespace, whoever unmounted them. A thread of its own sleeps until the kernel
 * has news. It is detached and owns what it needs: nobody waits for it.
 */
class MountWatch {
 public:
  /** Mounts that were watched and are gone. Called on the watch's thread, each is told once. */
  using OnGone = std::function<void(std::vector<uint64_t>)>;

  /** Throws EffectError. */
  explicit MountWatch(OnGone onGone);
  ~MountWatch();
  MountWatch(const MountWatch&) = delete;
  MountWatch& operator=(const MountWatch&) = delete;

  MountEventWay way() const;

  /** From now on; one that is gone already is told, too. */
  void watch(std::vector<WatchedMount> mounts);

  /** Not any more: its end is no news. */
  void unwatch(const std::vector<uint64_t>& mountIds);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace moorage
