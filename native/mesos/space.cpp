#include "mesos/space.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <exception>

#include "effects/mount_table.hpp"

namespace moorage::module {

namespace {

constexpr const char* readonlyFolder = ".ro/";

/** `root/driver/name` or `root/.ro/driver/name`; false when the path is neither. */
bool readName(const std::string& root, const std::string& path, Space& space) {
  if (path.compare(0, root.size() + 1, root + "/") != 0) return false;
  std::string rest = path.substr(root.size() + 1);
  space.readonly = rest.compare(0, 4, readonlyFolder) == 0;
  if (space.readonly) rest = rest.substr(4);
  const auto slash = rest.find('/');
  if (slash == std::string::npos) return false;
  space.driver = rest.substr(0, slash);
  space.name = rest.substr(slash + 1);
  return true;
}

}  // namespace

std::vector<Space> measure(const std::string& root, const std::vector<std::string>& paths) {
  std::vector<Space> spaces;
  for (const auto& path : paths) {
    Space space;
    struct statvfs status {};
    if (!readName(root, path, space) || ::statvfs(path.c_str(), &status) != 0) continue;
    space.path = path;
    space.bytes = std::uint64_t{status.f_blocks} * status.f_frsize;
    space.bytesUsed = std::uint64_t{status.f_blocks - status.f_bfree} * status.f_frsize;
    space.bytesFree = std::uint64_t{status.f_bavail} * status.f_frsize;
    space.inodesUsed = status.f_files - status.f_ffree;
    space.inodesFree = status.f_ffree;
    spaces.push_back(space);
  }
  return spaces;
}

std::vector<std::string> managedMountsOf(int pid, const std::string& root) {
  std::vector<std::string> paths;
  try {
    const auto own = readTableFile(std::to_string(pid));
    for (const auto& mount : readTableFile("self")) {
      if (mount.target.compare(0, root.size() + 1, root + "/") != 0) continue;
      const bool has = std::any_of(own.begin(), own.end(), [&](const Mount& one) {
        const bool isCopy = one.target == mount.target;
        return !isCopy && one.dev == mount.dev && one.root == mount.root;
      });
      if (has) paths.push_back(mount.target);
    }
  } catch (const std::exception&) {
    // The process has ended meanwhile; what it had is of no interest any more.
  }
  return paths;
}

}  // namespace moorage::module
