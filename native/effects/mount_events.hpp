#pragma once

#include <cstdint>
#include <vector>

#include "effects/fd.hpp"

namespace moorage {

/** How the kernel says that something was unmounted. */
enum class MountEventWay {
  fanotify,   // which mount it was (Linux 6.14)
  statmount,  // that something changed; each mount can be asked for by its unique id (6.8)
  mountinfo,  // that something changed; the table has to be read
};

const char* wayName(MountEventWay way);

/** The kernel's news of mounts in this process' namespace, in the best way that it has. Nothing happens while nothing changes. */
class MountEvents {
 public:
  /** Throws EffectError when there is no way at all. */
  MountEvents();

  MountEventWay way() const { return way_; }

  /** For poll(2), with events(): what it says there is to be taken by one of the next two. */
  int fd() const { return source_.get(); }
  short events() const;

  /** News that came by fanotify. */
  struct News {
    std::vector<uint64_t> detached;
    bool overflow = false;  // so many came at once that some are missing
  };

  /** Takes what there is to be read. With the other ways there is nothing to read: all that is watched has to be looked at. */
  News take();

 private:
  Fd source_;
  MountEventWay way_;
};

}  // namespace moorage
