#include "agent/executor/stage.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/error.hpp"
#include "agent/executor/mounts.hpp"
#include "agent/executor/workbench.hpp"

namespace moorage::agent::executor {

namespace {

/** A volume that is ready to be attached. */
struct Volume {
  const frames::Mount* mount;
  Fd tree;
};

/** Directories beneath which container paths are resolved. */
struct Bases {
  Fd root;
  Fd sandbox;
};

Fd openLog(const Fd& sandbox, const char* name, const Spec& spec) {
  Fd file(::openat(sandbox.get(), name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) throw systemError("create " + spec.sandbox + "/" + name);
  if (spec.user && ::fchown(file.get(), spec.user->uid, spec.user->gid) != 0) {
    throw systemError("chown " + spec.sandbox + "/" + name);
  }
  return file;
}

std::vector<Volume> cloneVolumes(const Spec& spec) {
  std::vector<Volume> volumes;
  for (const auto& mount : spec.mounts) {
    Volume volume{&mount, cloneVolume(mount.source)};
    if (mount.readonly && !isReadonly(volume.tree)) {
      throw std::runtime_error(mount.source + " is writable, but the task was promised it read-only on " + mount.target);
    }
    volumes.push_back(std::move(volume));
  }
  return volumes;
}

void attachVolumes(const std::vector<Volume>& volumes, const Bases& bases, bool makeAbsolute) {
  for (const auto& [mount, tree] : volumes) {
    const bool absolute = mount->target.compare(0, 1, "/") == 0;
    const Fd& base = absolute ? bases.root : bases.sandbox;
    try {
      // The isolator has made the paths; but one that lies in another volume can only be made in there, now.
      const bool make = !absolute || makeAbsolute;
      const Fd target = make ? openOrMakeBeneath(base, mount->target) : openBeneath(base, mount->target);
      attach(tree, target, mount->target);
    } catch (const std::exception& problem) {
      throw std::runtime_error("cannot mount " + mount->source + " on " + mount->target + ": " + problem.what());
    }
  }
}

/** Two paths can name one place, and a later volume can cover an earlier one: the task would find the wrong one there. */
void checkVolumes(const std::vector<Volume>& volumes, const Bases& bases) {
  for (const auto& [mount, tree] : volumes) {
    const Fd& base = mount->target.compare(0, 1, "/") == 0 ? bases.root : bases.sandbox;
    if (isOnTop(tree, base, mount->target)) continue;
    throw std::runtime_error("cannot mount " + mount->source + " on " + mount->target +
                             ": another volume of this task covers it; give each volume a path of its own");
  }
}

void attachBeneath(const Fd& tree, const Fd& root, const std::string& path) {
  try {
    attach(tree, openOrMakeBeneath(root, path), path);
  } catch (const std::exception& problem) {
    throw std::runtime_error("cannot set up " + path + " in the rootfs: " + problem.what());
  }
}

Bases mountRootfs(const std::string& rootfs, const std::string& sandbox) {
  // pivot_root wants a mount point: the rootfs becomes one by a bind of itself.
  Bases bases{cloneTree(rootfs), cloneTree(sandbox)};
  attach(bases.root, openBase(rootfs), rootfs);
  attachBeneath(bases.sandbox, bases.root, sandboxInRootfs);
  attachBeneath(newProc(), bases.root, "/proc");
  attachBeneath(cloneTree("/dev"), bases.root, "/dev");
  return bases;
}

/** Makes `root` the root and lets go of the old one, with all that is mounted there. */
void enterRoot(const Fd& root) {
  if (::fchdir(root.get()) != 0) throw systemError("enter the rootfs");
  if (::syscall(SYS_pivot_root, ".", ".") == 0) {
    // Now the old root lies over the new one at "."; see pivot_root(2).
    if (::umount2(".", MNT_DETACH) != 0) throw systemError("let go of the old root");
  } else if (errno != EINVAL || ::chroot(".") != 0) {
    // EINVAL: the machine runs from an initial ramdisk, whose root cannot be exchanged.
    throw systemError("pivot_root");
  }
  if (::chdir("/") != 0) throw systemError("chdir to the new root");
}

}  // namespace

Stage setStage(const Spec& spec) {
  Stage stage;
  stage.sandbox = openBase(spec.sandbox);
  stage.output = openLog(stage.sandbox, "stdout", spec);
  stage.errors = openLog(stage.sandbox, "stderr", spec);
  const auto volumes = cloneVolumes(spec);
  if (!spec.rootfs) {
    Bases bases{openBase("/"), openBase(spec.sandbox)};
    attachVolumes(volumes, bases, false);
    checkVolumes(volumes, bases);
    clearWorkbench();
    return stage;
  }
  Bases bases = mountRootfs(*spec.rootfs, spec.sandbox);
  attachVolumes(volumes, bases, true);
  checkVolumes(volumes, bases);
  clearWorkbench();
  enterRoot(bases.root);
  stage.sandbox = std::move(bases.sandbox);
  return stage;
}

}  // namespace moorage::agent::executor
