#pragma once

#include <string>

#include "effects/fd.hpp"

namespace moorage::agent {

/** The directory of --work, held against a second agent for as long as this object lives. */
struct Work {
  /** Absolute, without symbolic links. */
  std::string path;
  Fd lock;

  std::string sandboxes() const { return path + "/sandboxes"; }
  std::string containers() const { return path + "/containers"; }
  std::string state() const { return path + "/state"; }
};

/** Makes the directory when it is missing, and locks it. Throws; another agent's lock is named as such. */
Work openWork(const std::string& directory);

}  // namespace moorage::agent
