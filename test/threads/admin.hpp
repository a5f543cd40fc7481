#pragma once

#include <string>

namespace moorage::threads {

/** Asks the host behind this admin socket for another policy. False when it could not be asked, or did not take it. */
bool swapPolicy(const std::string& socketPath, const std::string& file);

}  // namespace moorage::threads
