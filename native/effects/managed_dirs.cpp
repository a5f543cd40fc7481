#include "effects/managed_dirs.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <mutex>

#include "effects/error.hpp"
#include "effects/kernel.hpp"
#include "effects/path_mount.hpp"
#include "effects/paths.hpp"

namespace moorage {
namespace {

// One thread removes a driver's empty directory while another makes a volume's in it: both hold this. Only directories of
// the root's own file system are touched under it, so no hung volume can keep it.
std::mutex managedDirsMutex;

Fd openPart(int parent, const std::string& part) {
  return Fd(kernel::openBeneath(parent, part.c_str(), O_PATH | O_DIRECTORY, RESOLVE_NO_XDEV));
}

EffectError openFailed(const std::string& path, int error) {
  if (error == EXDEV) {
    return EffectError(FailureKind::failed, "target-busy", "bind: something is mounted at " + path + " already; it was not put there by this call");
  }
  const bool foreign = error == ELOOP || error == ENOTDIR;
  return systemError("open", path, error, FailureKind::failed, foreign ? "only directories of ours may lie below the managed root" : "");
}

}  // namespace

ManagedPath managedPath(const std::string& root, const std::string& target) {
  ManagedPath path;
  path.root = absolutePath(root, "the managed root");
  path.target = absolutePath(target, "the target");
  if (!isBelow(path.target, path.root)) {
    throw refusal("bad-path", "the target " + path.target + " is not below the managed root " + path.root);
  }
  path.parts = pathParts(relativeTo(path.target, path.root));
  return path;
}

Fd openRoot(const std::string& root) {
  Fd fd(kernel::openStrict(root.c_str(), O_PATH | O_DIRECTORY));
  if (fd) return fd;
  const int error = errno;
  const char* hint = error == ELOOP ? "the managed root must be reached without symbolic links; configure its real path" : "";
  throw systemError("open the managed root", root, error, FailureKind::failed, hint);
}

Fd makeManagedDir(int root, const ManagedPath& path) {
  const std::lock_guard lock(managedDirsMutex);
  std::string shown = path.root;
  Fd here;
  for (const std::string& part : path.parts) {
    shown = joinPath(shown, part);
    const int parent = here ? here.get() : root;
    if (::mkdirat(parent, part.c_str(), 0700) != 0 && errno != EEXIST) throw systemError("mkdir", shown, errno);
    Fd next = openPart(parent, part);
    if (!next) throw openFailed(shown, errno);
    here = std::move(next);
  }
  return here;
}

void removeManagedDir(int root, const ManagedPath& path) {
  const std::lock_guard lock(managedDirsMutex);
  std::vector<Fd> parents;
  for (size_t i = 0; i + 1 < path.parts.size(); i++) {
    Fd next = openPart(parents.empty() ? root : parents.back().get(), path.parts[i]);
    if (!next) return;
    parents.push_back(std::move(next));
  }
  for (size_t i = path.parts.size(); i > 0; i--) {
    const int parent = i == 1 ? root : parents[i - 2].get();
    if (::unlinkat(parent, path.parts[i - 1].c_str(), AT_REMOVEDIR) != 0) return;
  }
}

}  // namespace moorage
