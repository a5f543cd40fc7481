#include "agent/container_id.hpp"

#include <sys/random.h>

#include <cstdint>
#include <cstdio>

#include "agent/error.hpp"

namespace moorage::agent {

namespace {

/** Leaves room in a file name (255 bytes) for the suffix and for names derived from the id. */
constexpr std::size_t stemBytesMax = 200;

bool isAlphanumeric(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

std::string stemOf(const std::string& appId) {
  std::string stem;
  for (const char letter : appId) {
    const bool kept = isAlphanumeric(letter) || letter == '_' || letter == '.' || letter == '-';
    if (stem.empty() && !isAlphanumeric(letter)) continue;
    stem.push_back(kept ? letter : '_');
  }
  return stem.empty() ? "task" : stem.substr(0, stemBytesMax);
}

}  // namespace

std::string newContainerId(const std::string& appId) {
  std::uint32_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) throw systemError("getrandom");
  char suffix[16];
  static_cast<void>(std::snprintf(suffix, sizeof suffix, ".%08x", random));
  return stemOf(appId) + suffix;
}

}  // namespace moorage::agent
