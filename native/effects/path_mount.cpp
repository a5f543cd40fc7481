#include "effects/path_mount.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "effects/error.hpp"
#include "effects/fd.hpp"
#include "effects/kernel.hpp"
#include "effects/mount_table.hpp"
#include "effects/paths.hpp"

namespace moorage {
namespace {

/** Whether `fd` is the root of its mount or lies directly below it, and the mount is not the one of `/`. */
bool isOwnMount(int fd, const MountPlace& place) {
  const Fd top(kernel::openStrict("/", O_PATH | O_DIRECTORY));
  if (!top) throw systemError("open", "/", errno);
  if (placeOfFd(top.get()).mountId == place.mountId) return false;
  if (place.mountRoot) return true;
  const Fd parent(::openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return false;
  const MountPlace above = placeOfFd(parent.get());
  return above.mountRoot && above.mountId == place.mountId;
}

void describeByStatmount(uint64_t mountId, PathMount& answer, const std::string& path) {
  kernel::MountFacts facts;
  if (kernel::statMount(mountId, facts) != 0) throw systemError("statmount", path, errno);
  answer.dev = std::to_string(facts.devMajor) + ":" + std::to_string(facts.devMinor);
  answer.fstype = facts.fstype;
  answer.root = facts.root;
  answer.target = facts.target;
}

void describeByTable(uint64_t mountId, PathMount& answer, const std::string& path) {
  const auto mounts = readTableFile("self");
  const auto found = std::find_if(mounts.begin(), mounts.end(), [&](const Mount& mount) { return mount.mountId == mountId; });
  if (found == mounts.end()) throw systemError("find the mount of", path, ENOENT);
  answer.dev = found->dev;
  answer.fstype = found->fstype;
  answer.root = found->root;
  answer.target = found->target;
}

}  // namespace

MountPlace placeOfFd(int fd) {
  kernel::FdFacts facts;
  if (kernel::factsOf(fd, kernel::hasUniqueMountIds(), facts) != 0) {
    const int error = errno;
    throw systemError("statx", pathOfFd(fd), error);
  }
  return {facts.mountId, facts.mountRoot};
}

PathMount mountOfFd(int fd) {
  const MountPlace place = placeOfFd(fd);
  const std::string path = pathOfFd(fd);
  PathMount answer;
  answer.mountId = place.mountId;
  answer.ownMount = isOwnMount(fd, place);
  if (kernel::hasUniqueMountIds()) {
    describeByStatmount(place.mountId, answer, path);
  } else {
    describeByTable(place.mountId, answer, path);
  }
  answer.root = joinPath(answer.root, relativeTo(path, answer.target));
  return answer;
}

PathMount mountOfPath(const std::string& path) {
  const std::string normal = absolutePath(path, "the path");
  const Fd fd(kernel::openFollowing(normal.c_str(), O_PATH));
  if (!fd) throw systemError("open", normal, errno);
  return mountOfFd(fd.get());
}

}  // namespace moorage
