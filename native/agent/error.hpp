#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>

#include "effects/error.hpp"

namespace moorage::agent {

/** What the person gave cannot be used; nothing was begun. The agent ends with exit code 2. */
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/** `what` failed with `number` (default: errno): "open /a/b: EACCES (Permission denied)". */
inline std::runtime_error systemError(const std::string& what, int number = errno) {
  return std::runtime_error(what + ": " + describeErrno(number));
}

}  // namespace moorage::agent
