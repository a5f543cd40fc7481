#include "embed/memory_limit.hpp"

#include <fstream>
#include <vector>

#include "effects/error.hpp"
#include "effects/mount_table.hpp"

namespace moorage {
namespace {

/** One of the two kernel interfaces, as far as a process sees it. */
struct Hierarchy {
  const char* fstype;
  const char* limitName;
};

constexpr Hierarchy version1{"cgroup", "memory.limit_in_bytes"};
constexpr Hierarchy version2{"cgroup2", "memory.max"};

/** A group of ours: in which hierarchy, and its path from the top of that. */
struct Membership {
  const Hierarchy* hierarchy;
  std::string path;
};

bool namesMemory(const std::string& controllers) { return ("," + controllers + ",").find(",memory,") != std::string::npos; }

/** The lines `ID:CONTROLLERS:PATH` of /proc/self/cgroup that can have to do with memory. */
std::vector<Membership> readMemberships() {
  std::vector<Membership> found;
  std::ifstream lines("/proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty()) found.push_back({&version2, line.substr(second + 1)});
    if (namesMemory(controllers)) found.push_back({&version1, line.substr(second + 1)});
  }
  return found;
}

/** The group's directory below a mount of its hierarchy, from the mountpoint on; empty when the mount does not show it. */
std::optional<std::string> belowMount(const std::string& path, const Mount& mount) {
  const std::string top = mount.root == "/" ? "" : mount.root;
  if (path.compare(0, top.size(), top) != 0) return {};
  std::string rest = path.substr(top.size());
  if (!rest.empty() && rest.front() != '/') return {};
  while (!rest.empty() && rest.back() == '/') rest.pop_back();
  return rest;
}

/** Version 2 writes `max` where there is no limit, version 1 the largest number of whole pages. */
std::optional<uint64_t> readLimit(const std::string& file) {
  uint64_t bytes = 0;
  std::ifstream text(file);
  if (!(text >> bytes) || bytes >= INT64_MAX / 2) return {};
  return bytes;
}

void lower(std::optional<MemoryLimit>& lowest, const std::string& file) {
  const std::optional<uint64_t> bytes = readLimit(file);
  if (bytes && (!lowest || *bytes < lowest->bytes)) lowest = MemoryLimit{*bytes, file};
}

}  // namespace

std::optional<MemoryLimit> findMemoryLimit() {
  std::vector<Mount> mounts;
  try {
    mounts = readTableFile("self");
  } catch (const EffectError&) {
    return {};
  }
  std::optional<MemoryLimit> lowest;
  for (const Membership& group : readMemberships()) {
    for (const Mount& mount : mounts) {
      if (mount.fstype != group.hierarchy->fstype) continue;
      std::optional<std::string> below = belowMount(group.path, mount);
      // A hierarchy of version 1 without memory has no such files, so each may be looked at.
      while (below) {
        lower(lowest, mount.target + *below + "/" + group.hierarchy->limitName);
        if (below->empty()) break;
        below->erase(below->rfind('/'));
      }
    }
  }
  return lowest;
}

std::string describe(const MemoryLimit& limit) { return std::to_string(limit.bytes >> 20) + " MiB (" + limit.file + ")"; }

}  // namespace moorage
