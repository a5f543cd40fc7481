#include "loop/memory_keeper.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "effects/error.hpp"
#include "effects/fd.hpp"

namespace moorage {
namespace {

/** A directory that every root has; what is mounted on it is seen in the new namespace only. */
constexpr const char* stage = "/proc";

void check(bool isDone, const char* call, const std::string& what) {
  if (!isDone) throw systemError("memory file system", what + ": " + call, errno);
}

/** Runs `work` on a thread that may change its namespace, and throws here what it threw there. */
void onThread(const std::function<void()>& work) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

Fd newTmpfs(const MemoryRequest& request) {
  Fd context(fsopen("tmpfs", FSOPEN_CLOEXEC));
  check(static_cast<bool>(context), errno == ENOSYS ? "volumes in memory need Linux 5.2" : "fsopen tmpfs", request.source);
  const auto set = [&](const char* key, const std::string& value) {
    check(fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0, key, request.source);
  };
  set("source", request.source);
  set("size", std::to_string(request.sizeBytes));
  set("mode", "0755");
  if (request.inodes > 0) set("nr_inodes", std::to_string(request.inodes));
  check(fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0, "create tmpfs", request.source);
  Fd tree(fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  check(static_cast<bool>(tree), "fsmount", request.source);
  return tree;
}

/** Leaves this thread in a new namespace with one empty directory in memory; the machine's mounts are not kept in it. */
Fd newNamespace() {
  const std::string what = "a namespace to keep it in";
  check(unshare(CLONE_FS | CLONE_NEWNS) == 0, "unshare", what);
  Fd self(open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
  check(static_cast<bool>(self), "open /proc/thread-self/ns/mnt", what);
  // Entering it leaves a chroot, which pivot_root would refuse.
  check(setns(self.get(), CLONE_NEWNS) == 0, "setns", what);
  check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make private", what);
  const Fd root = newTmpfs({"moorage", 1 << 20, 0});
  check(move_mount(root.get(), "", AT_FDCWD, stage, MOVE_MOUNT_F_EMPTY_PATH) == 0, "move_mount", what);
  check(fchdir(root.get()) == 0, "fchdir", what);
  check(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root", what);
  check(umount2(".", MNT_DETACH) == 0, "umount2", what);
  return self;
}

/** Runs `work` where the kept file systems are: number N is mounted on /N. */
void inside(const std::function<void()>& work) {
  static std::mutex making;
  static Fd space;
  onThread([&] {
    {
      const std::lock_guard<std::mutex> lock(making);
      if (!space) space = newNamespace();
    }
    check(unshare(CLONE_FS) == 0, "unshare", "the keeping namespace");
    check(setns(space.get(), CLONE_NEWNS) == 0, "setns", "the keeping namespace");
    work();
  });
}

std::string placeOf(int number) { return "/" + std::to_string(number); }

int keep(const Fd& tree, const std::string& what) {
  static std::atomic<int> last{0};
  const int number = ++last;
  inside([&] {
    const std::string place = placeOf(number);
    check(mkdir(place.c_str(), 0700) == 0, "mkdir", what);
    check(move_mount(tree.get(), "", AT_FDCWD, place.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0, "move_mount", what);
  });
  return number;
}

Fd cloneOf(int directory, const std::string& path, const std::string& what) {
  Fd tree(open_tree(directory, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW));
  check(static_cast<bool>(tree), "open_tree", what);
  return tree;
}

}  // namespace

int makeMemory(const MemoryRequest& request) { return keep(newTmpfs(request), request.source); }

int keepMemory(const std::string& target) { return keep(cloneOf(AT_FDCWD, target, target), target); }

void attachMemory(int number, const std::string& target) {
  Fd tree;
  inside([&] { tree = cloneOf(AT_FDCWD, placeOf(number), target); });
  const Fd place(open(target.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  check(static_cast<bool>(place), "open", target);
  struct statx facts {};
  check(statx(place.get(), "", AT_EMPTY_PATH, 0, &facts) == 0, "statx", target);
  if ((facts.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) {
    throw systemError("memory file system", target + ": something is mounted there already", EBUSY);
  }
  check(move_mount(tree.get(), "", place.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0, "move_mount", target);
}

void dropMemory(int number) {
  inside([&] {
    const std::string place = placeOf(number);
    check(umount2(place.c_str(), MNT_DETACH) == 0, "umount2", place);
    check(rmdir(place.c_str()) == 0, "rmdir", place);
  });
}

}  // namespace moorage
