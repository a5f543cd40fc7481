#pragma once

#include <string>

#include "embed/session.hpp"

namespace moorage {

/**
 * What must hold before V8 may be started, since libnode ends the whole process where it does not: its JS files are there,
 * nothing in the environment tells it that it is somebody's child, memory may be made executable, the address space and the group's memory are
 * large enough, threads can be made. Also that our own files can be read. Empty when all is well, else a sentence.
 */
std::string findObstacle(const SessionOptions& options);

}  // namespace moorage
