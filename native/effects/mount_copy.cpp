#include "effects/mount_copy.hpp"

#include <errno.h>
#include <sys/mount.h>

#include "effects/error.hpp"
#include "effects/kernel.hpp"
#include "effects/proc_mounts.hpp"
#include "effects/stage.hpp"

namespace moorage {

MountCopy::MountCopy(int source, bool readonly, int managedRoot, const std::string& shown) {
  if (makeDetached(source, readonly, shown)) return;
  stage_ = std::make_unique<Stage>(managedRoot);
  tree_ = stage_->copy(source, readonly, shown);
}

MountCopy::~MountCopy() = default;

/** False where the kernel cannot. */
bool MountCopy::makeDetached(int source, bool readonly, const std::string& shown) {
  tree_ = Fd(kernel::cloneMount(source));
  if (!tree_ && kernel::isMissing(errno)) return false;
  if (!tree_) throw systemError("open_tree", shown, errno);
  const uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (readonly ? MOUNT_ATTR_RDONLY : 0);
  if (kernel::setMountAttributes(tree_.get(), attributes, 0, MS_PRIVATE) == 0) return true;
  if (!kernel::isMissing(errno)) throw systemError("mount_setattr", shown, errno);
  tree_.reset();
  return false;
}

void MountCopy::attach(int target, const std::string& shown) {
  const int result = stage_ ? kernel::moveOnto(tree_.get(), target) : kernel::attachMount(tree_.get(), target);
  if (result != 0) throw systemError(stage_ ? "mount (move)" : "move_mount", shown, errno);
}

}  // namespace moorage
