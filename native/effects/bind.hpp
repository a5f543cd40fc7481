#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace moorage {

/** From a driver's mountpoint to a managed mount. */
struct BindRequest {
  std::string root;    // the managed root, absolute
  std::string source;  // the driver's mountpoint, absolute; links are followed
  std::string target;  // absolute, below `root`; its directories are made
  bool readonly = false;
  bool plainDirs = false;            // the driver's volumes are plain directories: no mount of their own is asked for
  std::optional<std::string> owner;  // see parseOwner; given the source directory
};

struct BindResult {
  uint64_t mountId = 0;
  uint64_t sourceMountId = 0;
  std::string fstype;
  std::string dev;
};

/**
 * Binds `source` to `target`: nosuid, nodev, private of the source's peer group, and read-only where asked, all before it can
 * be seen. Refused with `not-mounted` (no mount of its own), `under-root` (the source is ours), `bad-path`, `no-such-user`;
 * fails with `target-busy` when something is mounted at the target. Submounts of the source are not taken along.
 */
BindResult bindVolume(const BindRequest& request);

}  // namespace moorage
