#pragma once

#include <optional>
#include <string>
#include <vector>

namespace moorage {

struct PlaceRequest {
  std::string base;                // absolute directory; links on the way to it are followed
  std::vector<std::string> paths;  // beneath `base`, with or without a leading slash
  bool create = false;             // false: they must be directories already
  std::optional<std::string> owner;  // of what is created; see parseOwner
};

/**
 * Makes container paths beneath a base, in order, without following a link or leaving the base, whoever renames things
 * meanwhile. Made directories have mode 0755. Refused (`ELOOP`, `ENOTDIR`, `ENOENT`, `EXDEV`, `bad-path`) when a path is
 * not, or cannot become, a directory beneath the base.
 */
void placePaths(const PlaceRequest& request);

}  // namespace moorage
