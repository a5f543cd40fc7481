#pragma once

#include <cstdint>
#include <string>

namespace moorage {

struct DetachRequest {
  std::string root;
  std::string target;
  uint64_t mountId = 0;
};

/**
 * Lazily unmounts a managed mount if it still is that very mount, then removes the empty directories below the root that it
 * leaves. True when there was none any more. Refused with `other-mount` when another one is there.
 */
bool detachVolume(const DetachRequest& request);

}  // namespace moorage
