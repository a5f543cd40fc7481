#pragma once

#include <string>

namespace moorage {

/**
 * Makes `root` (absolute; missing parents are made) a directory of mode 0700 and a bind of itself that is MS_SHARED and in
 * no peer group but its own; does nothing when it is that already. Refused with `root-not-ours` when the directory has
 * another owner, or has entries and is open to others: it may be somebody else's. Refused with `mounts-below` when
 * something is mounted below a root that is no such bind yet: it would be hidden.
 */
void prepareRoot(const std::string& root);

/** Takes the bind of `root` away when nothing is mounted below and nobody uses it; true when it is gone. */
bool releaseRoot(const std::string& root);

}  // namespace moorage
