#pragma once

#include <string>
#include <vector>

namespace moorage {

/** The names in an open directory (O_PATH will do), without `.` and `..`. Throws EffectError. */
std::vector<std::string> entriesOf(int directory);

}  // namespace moorage
