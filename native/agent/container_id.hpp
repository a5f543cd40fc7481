#pragma once

#include <string>

namespace moorage::agent {

/**
 * A new container id that can be a file name: `/etl/extract` becomes `etl_extract.1a2b3c4d`. Throws when there is no
 * randomness.
 */
std::string newContainerId(const std::string& appId);

}  // namespace moorage::agent
