#include "agent/executor/workbench.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "agent/error.hpp"
#include "effects/kernel.hpp"
#include "effects/paths.hpp"
#include "effects/proc_mounts.hpp"

namespace moorage::agent::executor {

namespace {

constexpr const char* place = "/sys";

// The supervisor sets one stage in its life, on one thread.
Fd workbench;
int count = 0;

Fd openPlace() {
  Fd directory(::open(place, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) throw systemError(std::string("open ") + place);
  return directory;
}

/** The name of a new directory on the workbench. */
std::string nextPlace() {
  if (!workbench) {
    if (::mount("moorage", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") != 0) {
      throw systemError(std::string("mount tmpfs on ") + place);
    }
    workbench = openPlace();
  }
  std::string name = std::to_string(count++);
  if (::mkdirat(workbench.get(), name.c_str(), 0700) != 0) throw systemError("mkdir " + name + " on the workbench");
  return name;
}

Fd openOn(const std::string& name) {
  Fd directory(kernel::openBeneath(workbench.get(), name.c_str(), O_PATH | O_DIRECTORY));
  if (!directory) throw systemError("open " + name + " on the workbench");
  return directory;
}

}  // namespace

Fd copyOnWorkbench(const Fd& source, const std::string& words) {
  const std::string name = nextPlace();
  if (kernel::bindOnto(source.get(), openOn(name).get(), true) != 0) throw systemError("mount (bind) of " + words);
  return openOn(name);
}

Fd procOnWorkbench() {
  const std::string name = nextPlace();
  if (kernel::mountProc(openOn(name).get()) != 0) throw systemError("mount proc");
  return openOn(name);
}

bool isOnWorkbench(const std::string& target) { return workbench && isBelow(target, place); }

void clearWorkbench() {
  if (workbench && kernel::detachMount(workbench.get()) != 0) throw systemError(std::string("unmount ") + place);
  workbench.reset();
}

}  // namespace moorage::agent::executor
