#include "effects/root.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>

#include "effects/entries.hpp"
#include "effects/error.hpp"
#include "effects/kernel.hpp"
#include "effects/managed_dirs.hpp"
#include "effects/mount_table.hpp"
#include "effects/paths.hpp"
#include "effects/proc_mounts.hpp"
#include "effects/stage.hpp"

namespace moorage {
namespace {

/** What the mount table says of the root. */
struct RootState {
  bool bound = false;       // the topmost mount at the root is a bind of the root itself
  bool ownPeers = false;    // it is shared, and not with the mount that it lies on
  bool mountsBelow = false;
};

RootState stateOf(const std::string& root) {
  const std::vector<Mount> table = readTableFile("self");
  const auto byId = [&](uint64_t id) {
    return std::find_if(table.begin(), table.end(), [id](const Mount& mount) { return mount.mountId == id; });
  };
  RootState state;
  for (const Mount& mount : table) {
    state.mountsBelow = state.mountsBelow || isBelow(mount.target, root);
    if (mount.target != root) continue;
    const auto parent = byId(mount.parentId);
    state.bound = parent != table.end() && parent->dev == mount.dev &&
                  joinPath(parent->root, relativeTo(root, parent->target)) == mount.root;
    state.ownPeers = state.bound && mount.peerGroup != 0 && mount.peerGroup != parent->peerGroup;
  }
  return state;
}

/** The directory, made with its parents where missing; no link is followed on the way. */
Fd makeRootDir(const std::string& root) {
  Fd here(kernel::openStrict("/", O_PATH | O_DIRECTORY));
  if (!here) throw systemError("open", "/", errno);
  const std::vector<std::string> parts = pathParts(root);
  std::string shown = "/";
  for (size_t i = 0; i < parts.size(); i++) {
    shown = joinPath(shown, parts[i]);
    const mode_t mode = i + 1 < parts.size() ? 0755 : 0700;
    Fd next(kernel::openBeneath(here.get(), parts[i].c_str(), O_PATH | O_DIRECTORY));
    if (!next && errno == ENOENT) {
      if (::mkdirat(here.get(), parts[i].c_str(), mode) != 0 && errno != EEXIST) throw systemError("mkdir", shown, errno);
      next = Fd(kernel::openBeneath(here.get(), parts[i].c_str(), O_PATH | O_DIRECTORY));
    }
    if (!next) {
      const int error = errno;
      throw systemError("open", shown, error, FailureKind::failed,
                        error == ELOOP ? "the managed root must be reached without symbolic links; configure its real path" : "");
    }
    here = std::move(next);
  }
  return here;
}

void makePrivate(int fd, const std::string& root) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) throw systemError("stat", root, errno);
  if (facts.st_uid != ::geteuid()) {
    throw refusal("root-not-ours", "the managed root " + root + " belongs to uid " + std::to_string(facts.st_uid) + "; give a directory of its own");
  }
  if ((facts.st_mode & 07777) == 0700) return;
  if (!entriesOf(fd).empty()) {
    throw refusal("root-not-ours", "the managed root " + root + " has entries and is open to others; give a directory of its own, or chmod 0700 it");
  }
  const Fd real(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!real || ::fchmod(real.get(), 0700) != 0) throw systemError("chmod", root, errno);
}

// Private first: a bind of a shared mount joins its peer group, and what is mounted here would appear there too.
constexpr uint64_t ownPeerGroup[] = {MS_PRIVATE, MS_SHARED};

void setPropagation(int fd, const std::string& root) {
  for (const uint64_t propagation : ownPeerGroup) {
    if (kernel::setMountAttributes(fd, 0, 0, propagation) == 0) continue;
    if (!kernel::isMissing(errno)) throw systemError("mount_setattr", root, errno);
    if (kernel::setPropagation(fd, propagation) != 0) throw systemError("mount (propagation)", root, errno);
  }
}

/** False where the kernel has no detached mounts. */
bool bindDetached(int fd, const std::string& root) {
  const Fd tree(kernel::cloneMount(fd));
  if (!tree && kernel::isMissing(errno)) return false;
  if (!tree) throw systemError("open_tree", root, errno);
  for (const uint64_t propagation : ownPeerGroup) {
    if (kernel::setMountAttributes(tree.get(), 0, 0, propagation) == 0) continue;
    if (kernel::isMissing(errno)) return false;
    throw systemError("mount_setattr", root, errno);
  }
  if (kernel::attachMount(tree.get(), fd) != 0) throw systemError("move_mount", root, errno);
  return true;
}

/** Nothing is mounted below yet, so nothing is copied anywhere before the peer group is its own. */
void bindInPlace(int fd, const std::string& root) {
  if (kernel::bindOnto(fd, fd) != 0) throw systemError("mount (bind)", root, errno);
  setPropagation(openRoot(root).get(), root);
}

}  // namespace

void prepareRoot(const std::string& configured) {
  const std::string root = absolutePath(configured, "the managed root");
  if (root == "/") throw refusal("bad-path", "the managed root must be a directory of its own, not /");
  const Fd fd = makeRootDir(root);
  makePrivate(fd.get(), root);
  clearStages(fd.get());
  const RootState state = stateOf(root);
  if (state.ownPeers) return;
  if (state.bound) return setPropagation(fd.get(), root);
  if (state.mountsBelow) {
    throw refusal("mounts-below", "the managed root " + root + " is not a bind of itself yet, and something is mounted below it; unmount that first");
  }
  if (!bindDetached(fd.get(), root)) bindInPlace(fd.get(), root);
}

bool releaseRoot(const std::string& configured) {
  const std::string root = absolutePath(configured, "the managed root");
  const RootState state = stateOf(root);
  if (!state.bound) return true;
  if (state.mountsBelow) return false;
  const size_t slash = root.rfind('/');
  const std::string parent = slash == 0 ? "/" : root.substr(0, slash);
  const Fd above(kernel::openStrict(parent.c_str(), O_PATH | O_DIRECTORY));
  if (!above) throw systemError("open", parent, errno);
  if (kernel::unmountIdle(above.get(), root.substr(slash + 1)) == 0 || errno == EINVAL) return true;
  if (errno == EBUSY) return false;
  throw systemError("umount", root, errno);
}

}  // namespace moorage
