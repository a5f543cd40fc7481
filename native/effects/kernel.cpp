#include "effects/kernel.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "effects/path_walk.hpp"
#include "effects/proc_mounts.hpp"

namespace moorage::kernel {
namespace {

constexpr long statmountNumber = 457;
constexpr long listmountNumber = 458;
constexpr unsigned statxMountIdUnique = 0x4000;
constexpr uint64_t statxMountRoot = 0x2000;
constexpr uint64_t listRoot = ~uint64_t{0};

constexpr uint64_t wantSuperblock = 0x1;
constexpr uint64_t wantMount = 0x2;
constexpr uint64_t wantRoot = 0x8;
constexpr uint64_t wantTarget = 0x10;
constexpr uint64_t wantFstype = 0x20;

/** struct mnt_id_req, first version. */
struct MountRequest {
  uint32_t size = sizeof(MountRequest);
  uint32_t spare = 0;
  uint64_t id = 0;
  uint64_t param = 0;
};

/** struct statmount: a fixed head, then strings at the offsets that the head names. */
struct MountAnswer {
  uint32_t size;
  uint32_t options;
  uint64_t mask;
  uint32_t devMajor;
  uint32_t devMinor;
  uint64_t magic;
  uint32_t superblockFlags;
  uint32_t fstype;
  uint64_t id;
  uint64_t parentId;
  uint32_t oldId;
  uint32_t oldParentId;
  uint64_t attributes;
  uint64_t propagation;
  uint64_t peerGroup;
  uint64_t master;
  uint64_t propagateFrom;
  uint32_t root;
  uint32_t target;
  uint64_t rest[50];
};
static_assert(sizeof(MountAnswer) == 512, "struct statmount has a head of 512 bytes");

template <typename Call>
int retrying(Call call) {
  // EAGAIN: openat2 saw a rename while it walked; it says try again. Bounded, since an attacker can rename for ever.
  int result = -1;
  for (int tries = 0; tries < 64; tries++) {
    result = static_cast<int>(call());
    if (result >= 0 || (errno != EINTR && errno != EAGAIN)) break;
  }
  return result;
}

int openHow(int directory, const char* path, uint64_t flags, uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve;
  return retrying([&] { return ::syscall(SYS_openat2, directory, path, &how, sizeof how); });
}

int askMount(uint64_t id, uint64_t mask, void* buffer, size_t size) {
  MountRequest request;
  request.id = id;
  request.param = mask;
  return retrying([&] { return ::syscall(statmountNumber, &request, buffer, size, 0); });
}

/** The mount of an open file as procfs tells it, proc_pid_fdinfo(5). */
int mountIdOf(int fd, uint64_t& mountId) {
  const std::string path = "/proc/self/fdinfo/" + std::to_string(fd);
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t size = file ? ::read(file.get(), text, sizeof text - 1) : -1;
  if (size < 0) return -1;
  text[size] = 0;
  const char* found = strstr(text, "mnt_id:");
  if (found == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  mountId = strtoull(found + strlen("mnt_id:"), nullptr, 10);
  return 0;
}

/** Before Linux 5.8: a directory is the root of its mount when its parent lies on another one. */
int oldFactsOf(int fd, FdFacts& facts) {
  if (mountIdOf(fd, facts.mountId) != 0) return -1;
  const Fd above(::openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
  uint64_t aboveId = facts.mountId;
  if (above && mountIdOf(above.get(), aboveId) != 0) return -1;
  facts.mountRoot = aboveId != facts.mountId;
  return 0;
}

bool probeUniqueIds() {
  const Fd here(::open("/", O_PATH | O_CLOEXEC));
  struct statx facts {};
  if (!here || ::syscall(SYS_statx, here.get(), "", AT_EMPTY_PATH, statxMountIdUnique, &facts) != 0) return false;
  if ((facts.stx_mask & statxMountIdUnique) == 0) return false;
  uint32_t oldId = 0;
  std::vector<uint64_t> ids;
  return oldMountId(facts.stx_mnt_id, oldId) == 0 && listMounts(ids) == 0;
}

}  // namespace

int openBeneath(int directory, const char* path, uint64_t flags, uint64_t extraResolve) {
  const uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | extraResolve;
  const int fd = openHow(directory, path, flags, resolve);
  if (fd >= 0 || !isMissing(errno)) return fd;
  return walkBeneath(directory, path, flags, (extraResolve & RESOLVE_NO_XDEV) != 0);
}

int openFollowing(const char* path, uint64_t flags) {
  const int fd = openHow(AT_FDCWD, path, flags, RESOLVE_NO_MAGICLINKS);
  return fd >= 0 || !isMissing(errno) ? fd : walkFollowing(path, flags);
}

int openStrict(const char* path, uint64_t flags) {
  const int fd = openHow(AT_FDCWD, path, flags, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (fd >= 0 || !isMissing(errno)) return fd;
  const Fd top(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return top ? walkBeneath(top.get(), path, flags, false) : -1;
}

int cloneMount(int fd) { return ::open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH); }

int setMountAttributes(int fd, uint64_t set, uint64_t clear, uint64_t propagation) {
  mount_attr attributes{};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  attributes.propagation = propagation;
  return ::mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof attributes);
}

int attachMount(int tree, int target) {
  return ::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int detachMount(int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return ::umount2(path.c_str(), MNT_DETACH);
}

int factsOf(int fd, bool uniqueIds, FdFacts& facts) {
  struct statx answer {};
  const unsigned mask = uniqueIds ? statxMountIdUnique : STATX_MNT_ID;
  // Not the C library's statx: it would answer in the place of a kernel that has none.
  const int result = retrying([&] { return ::syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask, &answer); });
  if (result != 0 && !isMissing(errno)) return -1;
  if (result != 0 || (answer.stx_mask & mask) == 0 || (answer.stx_attributes_mask & statxMountRoot) == 0) {
    errno = ENOSYS;
    return uniqueIds ? -1 : oldFactsOf(fd, facts);
  }
  facts.mountId = answer.stx_mnt_id;
  facts.mountRoot = (answer.stx_attributes & statxMountRoot) != 0;
  return 0;
}

int oldMountId(uint64_t uniqueId, uint32_t& oldId) {
  MountAnswer answer{};
  if (askMount(uniqueId, wantMount, &answer, sizeof answer) != 0) return -1;
  oldId = answer.oldId;
  return 0;
}

int statMount(uint64_t uniqueId, MountFacts& facts) {
  std::vector<uint64_t> buffer(2048 / sizeof(uint64_t));
  const uint64_t mask = wantSuperblock | wantMount | wantRoot | wantTarget | wantFstype;
  while (askMount(uniqueId, mask, buffer.data(), buffer.size() * sizeof(uint64_t)) != 0) {
    if (errno != EOVERFLOW || buffer.size() > 32768) return -1;
    buffer.resize(buffer.size() * 4);
  }
  MountAnswer answer;
  memcpy(&answer, buffer.data(), sizeof answer);
  const char* strings = reinterpret_cast<const char*>(buffer.data()) + sizeof(MountAnswer);
  facts.parentId = answer.parentId;
  facts.oldId = answer.oldId;
  facts.devMajor = answer.devMajor;
  facts.devMinor = answer.devMinor;
  facts.root = strings + answer.root;
  facts.target = strings + answer.target;
  facts.fstype = strings + answer.fstype;
  return 0;
}

int listMounts(std::vector<uint64_t>& uniqueIds) {
  constexpr size_t batch = 1024;
  uniqueIds.clear();
  MountRequest request;
  request.id = listRoot;
  for (;;) {
    const size_t known = uniqueIds.size();
    uniqueIds.resize(known + batch);
    const int count = retrying([&] { return ::syscall(listmountNumber, &request, uniqueIds.data() + known, batch, 0); });
    if (count < 0) return -1;
    uniqueIds.resize(known + static_cast<size_t>(count));
    if (static_cast<size_t>(count) < batch) return 0;
    request.param = uniqueIds.back();
  }
}

bool hasUniqueMountIds() {
  static const bool answer = probeUniqueIds();
  return answer;
}

}  // namespace moorage::kernel
