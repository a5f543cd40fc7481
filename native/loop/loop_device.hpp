#pragma once

#include <optional>
#include <string>

#include "effects/fd.hpp"

namespace moorage {

/** An attached loop device. While `fd` is open the kernel does not clear it (loop(4), LO_FLAGS_AUTOCLEAR). */
struct LoopDevice {
  Fd fd;
  /** `/dev/loopN`. */
  std::string path;
};

/**
 * The loop device that shows the file behind `imageFd` already, if there is one: a mount namespace that outlived an
 * unmount keeps it. Mounting that device again gives the same super block; a second device over the same file would
 * give a second one, and the two would destroy the file system.
 *
 * Throws EffectError when that cannot be told, or when the device shows only a part of the file or is read-only.
 */
std::optional<LoopDevice> findLoopDevice(int imageFd, const std::string& image);

/**
 * Attaches the file behind `imageFd` (open for reading and writing) to a free loop device that clears itself after its
 * last use; with direct I/O where the file system below can do it. A device that somebody else took first is given up
 * for the next one. Needs Linux 5.8 (LOOP_CONFIGURE). Throws EffectError.
 */
LoopDevice attachLoopDevice(int imageFd, const std::string& image);

}  // namespace moorage
