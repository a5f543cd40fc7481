#pragma once

#include <string>

#include "moorage.h"

namespace moorage::client {

/** The functions of libmoorage.so, looked up at run time. */
struct Library {
  decltype(&moorage_open) open = nullptr;
  decltype(&moorage_call) call = nullptr;
  decltype(&moorage_close) close = nullptr;
};

/**
 * Opens the library so that none of its symbols mix with this program's. It stays loaded until the program ends: its threads
 * may outlive moorage_close. Throws when it is not there, has another ABI, or lacks a function; `otherwise` is what the
 * message advises when it cannot be loaded.
 */
Library loadLibrary(const std::string& path, const std::string& otherwise);

}  // namespace moorage::client
