#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace moorage::agent {

/** Whom a task runs as. */
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  /** All groups, the primary one included. */
  std::vector<gid_t> groups;
};

/**
 * Looks up `name`, `uid` or `uid:gid` in the machine's own user database (a rootfs may have another one, or none: Mesos
 * resolves users on the agent's side, too). Throws UsageError when there is no such user.
 */
User resolveUser(const std::string& text);

}  // namespace moorage::agent
