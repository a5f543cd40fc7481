#pragma once

#include <chrono>
#include <string>

namespace moorage {

struct ImageMountRequest {
  /** Absolute path of a regular file with a file system in it. */
  std::string image;
  /** An existing directory that is no mount yet; not followed when it is a link. */
  std::string target;
  /** As in /proc/filesystems, e.g. `ext4`. */
  std::string fstype;
  /** Options of the file system, separated by commas, as `mount -o` has them; may be empty. */
  std::string options;
};

/**
 * Attaches the image to a loop device and mounts it, nosuid and nodev. Returns the device's path. When it throws
 * (EffectError) nothing stays attached or mounted.
 */
std::string mountImage(const ImageMountRequest& request);

/**
 * Unmounts what is mounted on `target`, not lazily: when it returns, this namespace has written everything back. While
 * the kernel says EBUSY it is tried again until `retry` has passed. Throws EffectError; EINVAL: no mount there.
 */
void unmountImage(const std::string& target, std::chrono::milliseconds retry);

}  // namespace moorage
