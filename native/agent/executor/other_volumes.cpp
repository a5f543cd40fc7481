#include "agent/executor/other_volumes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <set>
#include <vector>

#include "effects/fd.hpp"
#include "effects/kernel.hpp"
#include "effects/mount_table.hpp"
#include "effects/paths.hpp"

namespace moorage::agent::executor {

namespace {

std::string devOf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  return std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev));
}

/** File systems of volumes: of what is mounted below the managed root, save those on which the machine itself lies. */
std::set<std::string> volumeDevs(const std::vector<Mount>& table, const std::string& managedRoot,
                                 const std::string& sandbox) {
  std::set<std::string> devs;
  for (const auto& row : table) {
    if (isBelow(row.target, managedRoot)) devs.insert(row.dev);
  }
  for (const auto& row : table) {
    if (row.target == managedRoot || row.target == "/") devs.erase(row.dev);
  }
  devs.erase(devOf("/"));
  devs.erase(devOf(sandbox));
  return devs;
}

/** Only that very mount: when another one lies over it, or it is gone by now, nothing happens. */
void detach(const Mount& row) {
  const Fd directory(::open(row.target.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  kernel::FdFacts facts;
  // Does not ask the file system, which may hang: it is not this task's.
  if (!directory || kernel::factsOf(directory.get(), false, facts) != 0) return;
  if (facts.mountId != row.mountId) return;
  static_cast<void>(kernel::detachMount(directory.get()));
}

}  // namespace

void forgetOtherVolumes(const std::string& managedRoot, const std::string& sandbox) {
  if (managedRoot.empty()) return;
  const auto table = readTableFile("self");
  const auto devs = volumeDevs(table, managedRoot, sandbox);
  for (auto row = table.rbegin(); row != table.rend(); ++row) {
    const bool managed = row->target == managedRoot || isBelow(row->target, managedRoot);
    if (managed || devs.count(row->dev) != 0) detach(*row);
  }
}

}  // namespace moorage::agent::executor
