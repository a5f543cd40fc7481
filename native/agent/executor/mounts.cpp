#include "agent/executor/mounts.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "agent/error.hpp"
#include "agent/executor/workbench.hpp"
#include "effects/kernel.hpp"
#include "effects/proc_mounts.hpp"

namespace moorage::agent::executor {

namespace {

/** openat2 takes relative paths only, when it must stay beneath. */
std::string relative(const std::string& path) {
  const auto start = path.find_first_not_of('/');
  return start == std::string::npos ? "." : path.substr(start);
}

Fd tryOpenBeneath(const Fd& base, const std::string& path) {
  return Fd(kernel::openBeneath(base.get(), relative(path).c_str(), O_PATH | O_DIRECTORY));
}

std::runtime_error openError(const std::string& path) {
  if (errno == ELOOP) return std::runtime_error(path + ": a symbolic link is in it; volumes are not mounted through links");
  if (errno == EXDEV) return std::runtime_error(path + " leads out of the directory that it must lie in");
  return systemError(path);
}

kernel::FdFacts factsOf(const Fd& fd, const std::string& path) {
  kernel::FdFacts facts;
  if (kernel::factsOf(fd.get(), false, facts) != 0) throw systemError("statx " + path);
  return facts;
}

Fd cloneOpened(const Fd& top, const std::string& path) {
  Fd tree(::open_tree(top.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH));
  if (!tree && kernel::isMissing(errno)) return copyOnWorkbench(top, path);
  if (!tree) throw systemError("open_tree " + path);
  return tree;
}

}  // namespace

void enterOwnMountNamespace() {
  if (::unshare(CLONE_NEWNS) != 0) throw systemError("unshare the mount namespace (are you root?)");
  if (::mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) throw systemError("make / a slave mount");
}

Fd cloneTree(const std::string& path) {
  const Fd top(::open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top) throw systemError("open " + path);
  return cloneOpened(top, path);
}

Fd cloneVolume(const std::string& path) {
  const Fd top(::open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top) throw systemError("open " + path);
  if (!factsOf(top, path).mountRoot) {
    throw std::runtime_error(path + " is not mounted any more, and the task must not write into the directory below it; " +
                             "look at the isolator's log, then launch the task again");
  }
  return cloneOpened(top, path);
}

Fd newProc() {
  const Fd context(::fsopen("proc", FSOPEN_CLOEXEC));
  if (!context && kernel::isMissing(errno)) return procOnWorkbench();
  if (!context) throw systemError("fsopen proc");
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) throw systemError("create proc");
  Fd tree(::fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  if (!tree) throw systemError("fsmount proc");
  return tree;
}

void attach(const Fd& tree, const Fd& directory, const std::string& words) {
  if (kernel::attachMount(tree.get(), directory.get()) == 0) return;
  if (!kernel::isMissing(errno)) throw systemError("move_mount on " + words);
  if (kernel::moveOnto(tree.get(), directory.get()) != 0) throw systemError("mount (move) on " + words);
}

Fd openBase(const std::string& path) {
  Fd base(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base) throw systemError("open directory " + path);
  return base;
}

Fd openBeneath(const Fd& base, const std::string& path) {
  Fd directory = tryOpenBeneath(base, path);
  if (!directory) throw openError(path);
  return directory;
}

Fd openOrMakeBeneath(const Fd& base, const std::string& path) {
  Fd whole = tryOpenBeneath(base, path);
  if (whole) return whole;
  if (errno != ENOENT) throw openError(path);
  const std::string names = relative(path);
  Fd above = openBeneath(base, ".");
  for (std::size_t start = 0; start < names.size();) {
    const std::size_t end = std::min(names.find('/', start), names.size());
    const std::string name = names.substr(start, end - start);
    start = end + 1;
    if (name.empty()) continue;
    if (::mkdirat(above.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
      throw systemError("mkdir " + name + " of " + path);
    }
    above = openBeneath(above, name);
  }
  return above;
}

bool isOnTop(const Fd& tree, const Fd& base, const std::string& path) {
  return factsOf(openBeneath(base, path), path).mountId == factsOf(tree, path).mountId;
}

bool isReadonly(const Fd& tree) {
  struct statvfs status {};
  if (::fstatvfs(tree.get(), &status) != 0) throw systemError("statvfs");
  return (status.f_flag & ST_RDONLY) != 0;
}

}  // namespace moorage::agent::executor
