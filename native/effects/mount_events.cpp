#include "effects/mount_events.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <cstring>

#include "effects/error.hpp"
#include "effects/kernel.hpp"

namespace moorage {
namespace {

// fanotify_init(2), fanotify_mark(2), fanotify(7): newer than the C library's headers.
constexpr unsigned reportMounts = 0x4000;
constexpr unsigned markNamespace = 0x110;
constexpr uint64_t mountDetached = 0x02000000;
constexpr uint8_t infoMount = 7;

/** struct fanotify_event_info_mnt. */
struct MountInfo {
  uint8_t type;
  uint8_t spare;
  uint16_t length;
  uint64_t mountId __attribute__((aligned(8)));
};
static_assert(sizeof(MountInfo) == 16, "struct fanotify_event_info_mnt has 16 bytes");

/** Nothing where the kernel has no such events, or does not let us have them. */
Fd openFanotify() {
  if (!kernel::hasUniqueMountIds()) return {};
  Fd group(::fanotify_init(reportMounts | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY));
  const Fd space(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!group || !space) return {};
  const bool marked = ::fanotify_mark(group.get(), FAN_MARK_ADD | markNamespace, mountDetached, space.get(), nullptr) == 0;
  return marked ? std::move(group) : Fd();
}

void readInfo(const char* event, const fanotify_event_metadata& head, MountEvents::News& news) {
  for (size_t at = head.metadata_len; at + sizeof(MountInfo) <= head.event_len;) {
    MountInfo info;
    memcpy(&info, event + at, sizeof info);
    if (info.type == infoMount) news.detached.push_back(info.mountId);
    if (info.length == 0) return;
    at += info.length;
  }
}

}  // namespace

const char* wayName(MountEventWay way) {
  switch (way) {
    case MountEventWay::fanotify: return "fanotify";
    case MountEventWay::statmount: return "statmount";
    case MountEventWay::mountinfo: return "mountinfo";
  }
  return "mountinfo";
}

MountEvents::MountEvents() : source_(openFanotify()), way_(MountEventWay::fanotify) {
  if (source_) return;
  way_ = kernel::hasUniqueMountIds() ? MountEventWay::statmount : MountEventWay::mountinfo;
  source_ = Fd(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!source_) throw systemError("open", "/proc/self/mountinfo", errno);
}

// A mount table that changed is told as an exceptional condition, proc_pid_mounts(5).
short MountEvents::events() const { return way_ == MountEventWay::fanotify ? POLLIN : POLLPRI; }

MountEvents::News MountEvents::take() {
  News news;
  if (way_ != MountEventWay::fanotify) return news;
  alignas(fanotify_event_metadata) char buffer[16384];
  for (;;) {
    const ssize_t size = ::read(source_.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return news;
    for (ssize_t at = 0; at + static_cast<ssize_t>(FAN_EVENT_METADATA_LEN) <= size;) {
      fanotify_event_metadata head;
      memcpy(&head, buffer + at, sizeof head);
      if (head.event_len < FAN_EVENT_METADATA_LEN || at + head.event_len > size) break;
      if ((head.mask & FAN_Q_OVERFLOW) != 0) news.overflow = true;
      readInfo(buffer + at, head, news);
      at += head.event_len;
    }
  }
}

}  // namespace moorage
