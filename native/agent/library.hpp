#pragma once

#include <string>

#include "moorage.h"

namespace moorage::agent {

/** The functions of libmoorage.so, looked up at run time. */
struct Library {
  decltype(&moorage_open) open = nullptr;
  decltype(&moorage_call) call = nullptr;
  decltype(&moorage_close) close = nullptr;
};

/**
 * Opens the library so that none of its symbols mix with this program's. It stays loaded until the program ends: its threads
 * may outlive moorage_close. Throws when it is not there, has another ABI, or lacks a function.
 */
Library loadLibrary(const std::string& path);

/** libmoorage.so in the directory of this program. Throws. */
std::string defaultLibraryPath();

}  // namespace moorage::agent
