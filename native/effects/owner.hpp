#pragma once

#include <sys/types.h>

#include <string>

namespace moorage {

/** An owner to give: `(gid_t)-1` leaves the group as it is. */
struct Owner {
  uid_t user = static_cast<uid_t>(-1);
  gid_t group = static_cast<gid_t>(-1);
};

/**
 * Reads `uid` (the group stays), `uid:gid`, or a user name (its primary group is given too). Refused with `no-such-user`
 * when the machine does not know the name. May ask a name service, and so may wait.
 */
Owner parseOwner(const std::string& text);

/** Gives what `fd` is (also an O_PATH descriptor) to `owner`. `path` is for the error. */
void giveTo(int fd, const Owner& owner, const std::string& path);

}  // namespace moorage
