#include "effects/stage.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#include "effects/entries.hpp"
#include "effects/error.hpp"
#include "effects/kernel.hpp"
#include "effects/path_mount.hpp"
#include "effects/proc_mounts.hpp"

namespace moorage {
namespace {

// Drivers' directories never begin with a dot.
constexpr const char* prefix = ".stage-";

std::atomic<unsigned> count{0};

/** All mounts at `name`, the topmost first, then the directory. What cannot be taken away stays until the next start. */
void takeDown(int managedRoot, const std::string& name) {
  for (;;) {
    const Fd top(kernel::openBeneath(managedRoot, name.c_str(), O_PATH | O_DIRECTORY));
    if (!top || !placeOfFd(top.get()).mountRoot || kernel::detachMount(top.get()) != 0) break;
  }
  ::unlinkat(managedRoot, name.c_str(), AT_REMOVEDIR);
}

std::string makeDirectory(int managedRoot) {
  for (;;) {
    std::string name = prefix + std::to_string(::getpid()) + "-" + std::to_string(count++);
    if (::mkdirat(managedRoot, name.c_str(), 0700) == 0) return name;
    if (errno != EEXIST) throw systemError("mkdir", "<root>/" + name, errno);
  }
}

}  // namespace

Stage::Stage(int managedRoot) : managedRoot_(managedRoot), name_(makeDirectory(managedRoot)) {
  try {
    const Fd bare(kernel::openBeneath(managedRoot, name_.c_str(), O_PATH | O_DIRECTORY, RESOLVE_NO_XDEV));
    if (!bare) throw systemError("open", "<root>/" + name_, errno);
    if (kernel::bindOnto(bare.get(), bare.get()) != 0) throw systemError("mount (bind)", "<root>/" + name_, errno);
    floor_ = openTop();
    // Before anything is in it: as a peer of the managed root it would hand out copies.
    if (kernel::setPropagation(floor_.get(), MS_PRIVATE) != 0) throw systemError("mount (private)", "<root>/" + name_, errno);
  } catch (...) {
    takeDown(managedRoot_, name_);
    throw;
  }
}

Stage::~Stage() {
  floor_.reset();
  try {
    takeDown(managedRoot_, name_);
  } catch (const EffectError&) {
    // The next start clears it.
  }
}

Fd Stage::openTop() const {
  Fd top(kernel::openBeneath(managedRoot_, name_.c_str(), O_PATH | O_DIRECTORY));
  if (!top) throw systemError("open", "<root>/" + name_, errno);
  return top;
}

Fd Stage::copy(int source, bool readonly, const std::string& shown) {
  if (kernel::bindOnto(source, floor_.get()) != 0) throw systemError("mount (bind)", shown, errno);
  Fd top = openTop();
  if (kernel::setPropagation(top.get(), MS_PRIVATE) != 0) throw systemError("mount (private)", shown, errno);
  if (kernel::restrictMount(top.get(), readonly) != 0) throw systemError("mount (remount)", shown, errno);
  return top;
}

void clearStages(int managedRoot) {
  for (const std::string& name : entriesOf(managedRoot)) {
    if (name.compare(0, std::string(prefix).size(), prefix) == 0) takeDown(managedRoot, name);
  }
}

}  // namespace moorage
