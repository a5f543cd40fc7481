#pragma once

#include <string>

namespace moorage::agent::executor {

/**
 * Takes the copies of other containers' volumes out of this process's own mount namespace: those at the isolator's
 * `managedRoot`
 * and the drivers' own mounts of the same file systems. A new namespace starts with a copy of every mount, and
 * where `/` is private
 * no later unmount reaches such a copy: it would keep a volume that it has nothing to do with busy until this task ends.
 * Throws when the mount table cannot be read.
 */
void forgetOtherVolumes(const std::string& managedRoot, const std::string& sandbox);

}  // namespace moorage::agent::executor
