#include "effects/detach.hpp"

#include <errno.h>
#include <fcntl.h>

#include "effects/error.hpp"
#include "effects/kernel.hpp"
#include "effects/managed_dirs.hpp"
#include "effects/path_mount.hpp"
#include "effects/paths.hpp"

namespace moorage {
namespace {

/** The mount at the target, or nothing when the path ends or no mount is there. */
Fd openMount(int root, const ManagedPath& path) {
  const std::string relative = relativeTo(path.target, path.root);
  Fd fd(kernel::openBeneath(root, relative.c_str(), O_PATH));
  if (fd) return placeOfFd(fd.get()).mountRoot ? std::move(fd) : Fd();
  if (errno == ENOENT) return Fd();
  throw systemError("open", path.target, errno);
}

}  // namespace

bool detachVolume(const DetachRequest& request) {
  const ManagedPath path = managedPath(request.root, request.target);
  const Fd root = openRoot(path.root);
  Fd mount = openMount(root.get(), path);
  const bool gone = !mount;
  if (!gone) {
    const uint64_t found = placeOfFd(mount.get()).mountId;
    if (found != request.mountId) {
      throw refusal("other-mount", "detach " + path.target + ": mount " + std::to_string(found) + " is there, not " +
                                       std::to_string(request.mountId) + "; it is left alone");
    }
    if (kernel::detachMount(mount.get()) != 0) throw systemError("umount", path.target, errno);
    mount.reset();
  }
  removeManagedDir(root.get(), path);
  return gone;
}

}  // namespace moorage
