#include "effects/bind.hpp"

#include <errno.h>
#include <fcntl.h>

#include "effects/error.hpp"
#include "effects/kernel.hpp"
#include "effects/managed_dirs.hpp"
#include "effects/mount_copy.hpp"
#include "effects/owner.hpp"
#include "effects/path_mount.hpp"
#include "effects/paths.hpp"

namespace moorage {
namespace {

Fd openSource(const std::string& source) {
  Fd fd(kernel::openFollowing(source.c_str(), O_PATH | O_DIRECTORY));
  if (!fd) throw systemError("open the driver's mountpoint", source, errno);
  return fd;
}

void checkSource(int source, const PathMount& mount, const BindRequest& request, const ManagedPath& path) {
  const std::string real = pathOfFd(source);
  if (real == path.root || isBelow(real, path.root) || isBelow(mount.target, path.root)) {
    throw refusal("under-root", "bind " + request.source + ": it lies below the managed root " + path.root +
                                    ", so it is a mount of ours and not the driver's");
  }
  if (mount.ownMount || request.plainDirs) return;
  throw refusal("not-mounted", "bind " + request.source + ": it is no mount of its own but a directory on " + mount.target + " (" +
                                   mount.fstype + "), so the driver has not mounted the volume there");
}

}  // namespace

BindResult bindVolume(const BindRequest& request) {
  const ManagedPath path = managedPath(request.root, request.target);
  const Fd root = openRoot(path.root);
  const Fd source = openSource(absolutePath(request.source, "the source"));
  const PathMount sourceMount = mountOfFd(source.get());
  checkSource(source.get(), sourceMount, request, path);
  if (request.owner) giveTo(source.get(), parseOwner(*request.owner), request.source);

  MountCopy copy(source.get(), request.readonly, root.get(), request.source);
  const uint64_t mountId = placeOfFd(copy.fd()).mountId;  // after the attachment nothing may fail any more
  const Fd target = makeManagedDir(root.get(), path);
  copy.attach(target.get(), path.target);
  return {mountId, sourceMount.mountId, sourceMount.fstype, sourceMount.dev};
}

}  // namespace moorage
