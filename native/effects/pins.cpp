#include "effects/pins.hpp"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "effects/error.hpp"
#include "effects/mount_table.hpp"
#include "effects/paths.hpp"

namespace moorage {
namespace {

std::vector<int> listProcesses() {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir("/proc"), ::closedir);
  if (!entries) throw systemError("opendir", "/proc", errno);
  std::vector<int> pids;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name(entry->d_name);
    int pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

/** Some kernels hide the namespace of a guarded process (its init, say) even from root, but show its mount table. */
constexpr uint64_t hiddenNamespace = 1;

/** Inode of a process' mount namespace; 0 when the process is gone, nothing when we may not know. */
std::optional<uint64_t> namespaceOf(const std::string& pid) {
  const std::string path = "/proc/" + pid + "/ns/mnt";
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0) return facts.st_ino;
  if (errno == EACCES || errno == EPERM) return std::nullopt;
  if (errno == ENOENT || errno == ESRCH) return 0;
  throw systemError("stat", path, errno, FailureKind::failed, "without it nobody can tell whether that process has the volume");
}

bool isCopy(const Mount& mount, const std::vector<std::string>& copies) {
  return std::any_of(copies.begin(), copies.end(), [&](const std::string& path) {
    return path == mount.target || isBelow(path, mount.target);
  });
}

bool holds(const std::vector<Mount>& table, const Sought& sought) {
  return std::any_of(table.begin(), table.end(), [&](const Mount& mount) {
    const bool isShown = mount.dev == sought.dev && (mount.root == sought.root || isBelow(mount.root, sought.root));
    return isShown && !isCopy(mount, sought.copies);
  });
}

/** The mounts of a process; empty when it is gone. */
std::vector<Mount> tableOf(int pid) {
  try {
    return readTableFile(std::to_string(pid));
  } catch (const EffectError& error) {
    if (error.code() == "ESRCH") return {};
    throw;
  }
}

/** Looks at each mount namespace once. */
class NamespaceWalk {
 public:
  NamespaceWalk() {
    inodes_.insert(namespaceOf("self").value_or(0));
    for (const Mount& mount : readTableFile("self")) rootMounts_.insert(mount.mountId);
  }

  /** The mounts of the process' namespace; empty when it is ours, was seen before, or the process is gone. */
  std::vector<Mount> enter(int pid, std::optional<uint64_t> inode) {
    if (inode && (*inode == 0 || inodes_.count(*inode) != 0)) return {};
    std::vector<Mount> table = tableOf(pid);
    if (table.empty()) return {};  // another process of that namespace may come yet
    if (inode) {
      inodes_.insert(*inode);
      return table;
    }
    // A mount belongs to one namespace, and no two that live have one number: it tells what the inode would have told.
    return rootMounts_.insert(table.front().mountId).second ? std::move(table) : std::vector<Mount>();
  }

 private:
  std::unordered_set<uint64_t> inodes_;
  std::unordered_set<uint64_t> rootMounts_;
};

}  // namespace

std::vector<Pin> findPins(const Sought& given) {
  Sought sought = given;
  sought.root = absolutePath(given.root, "the root of the volume");
  for (std::string& path : sought.copies) path = absolutePath(path, "a path of the volume");
  NamespaceWalk walk;
  std::vector<Pin> pins;
  for (const int pid : listProcesses()) {
    const std::optional<uint64_t> inode = namespaceOf(std::to_string(pid));
    if (holds(walk.enter(pid, inode), sought)) pins.push_back({pid, inode.value_or(0)});
  }
  return pins;
}

}  // namespace moorage
