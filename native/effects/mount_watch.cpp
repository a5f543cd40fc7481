#include "effects/mount_watch.hpp"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "effects/error.hpp"
#include "effects/kernel.hpp"
#include "effects/mount_table.hpp"
#include "effects/paths.hpp"
#include "effects/signals.hpp"

namespace moorage {
namespace {

using Clock = std::chrono::steady_clock;

/** Ids of old kernels are given away again, so the place belongs to them; a driver may spell it otherwise than the kernel, whose words are learnt at the first look. */
struct Place {
  std::string path;
  bool isKernels = false;
};
using Watched = std::unordered_map<uint64_t, Place>;

constexpr size_t stackBytes = size_t{512} * 1024;
/** After a look at everything as long a rest as it took, but no longer: where others mount without end it costs half a core at most. */
constexpr std::chrono::milliseconds restMax{25};

bool isThere(uint64_t uniqueId) {
  uint32_t oldId = 0;
  return kernel::oldMountId(uniqueId, oldId) == 0 || errno != ENOENT;
}

/** Of some mounts those that the kernel does not know any more. */
std::vector<uint64_t> missingByStatmount(const Watched& watched) {
  std::vector<uint64_t> missing;
  for (const auto& [id, place] : watched) {
    if (!isThere(id)) missing.push_back(id);
  }
  return missing;
}

/** Those that the table does not have where they were. `learnt`: where those lie that are looked at for the first time. */
std::vector<uint64_t> missingByTable(Watched watched, Watched& learnt) {
  try {
    for (const Mount& mount : readTableFile("self")) {
      const auto found = watched.find(mount.mountId);
      if (found == watched.end()) continue;
      const Place& place = found->second;
      if (place.isKernels && place.path != mount.target) continue;
      if (!place.isKernels) learnt[mount.mountId] = {mount.target, true};
      watched.erase(found);
    }
  } catch (const EffectError&) {
    return {};  // the next change shows it
  }
  std::vector<uint64_t> missing;
  for (const auto& [id, place] : watched) missing.push_back(id);
  return missing;
}

}  // namespace

struct MountWatch::Shared {
  explicit Shared(OnGone told) : onGone(std::move(told)), wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake) throw systemError("eventfd", "", errno);
  }

  MountEvents events;
  OnGone onGone;
  Fd wake;
  std::mutex mutex;
  Watched watched;
  Watched fresh;  // what nobody has looked at yet, of those that are watched
  bool closed = false;

  void rouse() const {
    const uint64_t one = 1;
    static_cast<void>(!::write(wake.get(), &one, sizeof one));
  }

  /** Sleeps until there is something to look at. */
  bool hasNews() const {
    pollfd sources[] = {{events.fd(), events.events(), 0}, {wake.get(), POLLIN, 0}};
    while (::poll(sources, 2, -1) < 0) continue;
    uint64_t count = 0;
    static_cast<void>(!::read(wake.get(), &count, sizeof count));
    return sources[0].revents != 0;
  }

  /** Of what is watched that which may be gone. */
  Watched suspects(bool all, const std::vector<uint64_t>& detached) {
    const std::lock_guard lock(mutex);
    Watched found = std::exchange(fresh, {});
    if (all) return watched;
    for (const uint64_t id : detached) {
      const auto known = watched.find(id);
      if (known != watched.end()) found.insert(*known);
    }
    return found;
  }

  std::vector<uint64_t> missing(Watched subject) {
    if (subject.empty()) return {};
    if (events.way() != MountEventWay::mountinfo) return missingByStatmount(subject);
    Watched learnt;
    std::vector<uint64_t> found = missingByTable(std::move(subject), learnt);
    const std::lock_guard lock(mutex);
    for (auto& [id, place] : learnt) {
      const auto known = watched.find(id);
      if (known != watched.end()) known->second = std::move(place);
    }
    return found;
  }

  /** What is not watched any more was unmounted by ourselves. */
  void tell(const std::vector<uint64_t>& missing) {
    std::vector<uint64_t> gone;
    {
      const std::lock_guard lock(mutex);
      if (closed) return;
      for (const uint64_t id : missing) {
        fresh.erase(id);
        if (watched.erase(id) != 0) gone.push_back(id);
      }
    }
    if (!gone.empty()) onGone(std::move(gone));
  }

  bool isClosed() {
    const std::lock_guard lock(mutex);
    return closed;
  }

  void run() {
    Clock::time_point restUntil = Clock::now();
    for (bool news = hasNews(); !isClosed(); news = hasNews()) {
      const MountEvents::News told = news ? events.take() : MountEvents::News();
      const bool all = told.overflow || (news && events.way() != MountEventWay::fanotify);
      if (all) std::this_thread::sleep_until(restUntil);
      const Clock::time_point begun = Clock::now();
      tell(missing(suspects(all, told.detached)));
      const Clock::time_point ended = Clock::now();
      restUntil = ended + std::min<Clock::duration>(ended - begun, restMax);
    }
  }
};

MountWatch::MountWatch(OnGone onGone) : shared_(std::make_shared<Shared>(std::move(onGone))) {
  auto argument = std::make_unique<std::shared_ptr<Shared>>(shared_);
  const auto body = [](void* argument) -> void* {
    const std::unique_ptr<std::shared_ptr<Shared>> shared(static_cast<std::shared_ptr<Shared>*>(argument));
    pthread_setname_np(pthread_self(), "moorage-watch");
    (*shared)->run();
    return nullptr;
  };
  const SignalsBlocked blocked;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, stackBytes);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, body, argument.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) throw systemError("pthread_create", "", error, FailureKind::failed, "the limit on processes may be too small");
  static_cast<void>(argument.release());
}

MountWatch::~MountWatch() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->closed = true;
  }
  shared_->rouse();
}

MountEventWay MountWatch::way() const { return shared_->events.way(); }

void MountWatch::watch(std::vector<WatchedMount> mounts) {
  {
    const std::lock_guard lock(shared_->mutex);
    for (WatchedMount& mount : mounts) {
      shared_->fresh[mount.mountId] = {mount.path};
      shared_->watched[mount.mountId] = {std::move(mount.path)};
    }
  }
  shared_->rouse();
}

void MountWatch::unwatch(const std::vector<uint64_t>& mountIds) {
  const std::lock_guard lock(shared_->mutex);
  for (const uint64_t id : mountIds) {
    shared_->watched.erase(id);
    shared_->fresh.erase(id);
  }
}

}  // namespace moorage
