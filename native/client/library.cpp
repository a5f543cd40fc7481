#include "client/library.hpp"

#include <dlfcn.h>

#include <stdexcept>

namespace moorage::client {

namespace {

template <typename Function>
Function lookUp(void* handle, const char* name, const std::string& path) {
  void* address = ::dlsym(handle, name);
  if (address == nullptr) throw std::runtime_error(path + " has no function " + name + "; build libmoorage.so anew");
  return reinterpret_cast<Function>(address);
}

}  // namespace

Library loadLibrary(const std::string& path, const std::string& otherwise) {
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (handle == nullptr) {
    const char* reason = ::dlerror();
    throw std::runtime_error(std::string("cannot load the isolator: ") + (reason != nullptr ? reason : path) + "; " +
                             otherwise);
  }
  const auto abi = lookUp<decltype(&moorage_abi)>(handle, "moorage_abi", path)();
  if (abi != MOORAGE_ABI) {
    throw std::runtime_error(path + " has ABI " + std::to_string(abi) + ", this program needs " +
                             std::to_string(MOORAGE_ABI) + "; build both from the same sources");
  }
  return {lookUp<decltype(&moorage_open)>(handle, "moorage_open", path),
          lookUp<decltype(&moorage_call)>(handle, "moorage_call", path),
          lookUp<decltype(&moorage_close)>(handle, "moorage_close", path)};
}

}  // namespace moorage::client
