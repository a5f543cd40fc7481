#include <limits.h>

#include <algorithm>

#include "addon/arguments.hpp"
#include "addon/async.hpp"
#include "addon/functions.hpp"
#include "addon/instance.hpp"
#include "effects/allocate_file.hpp"
#include "effects/lock_file.hpp"

namespace moorage {

Napi::Value lockFile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto fd = static_cast<int>(std::min<uint64_t>(numberArgument(info), INT_MAX));
  try {
    const bool locked = lockFile(fd);
    if (locked) instanceOf(env).lockedFiles.push_back(fd);
    return Napi::Boolean::New(env, locked);
  } catch (const EffectError& error) {
    throw nativeError(env, error);
  }
}

Napi::Value unlockFile(const Napi::CallbackInfo& info) {
  const auto fd = static_cast<int>(std::min<uint64_t>(numberArgument(info), INT_MAX));
  std::vector<int>& locked = instanceOf(info.Env()).lockedFiles;
  const auto found = std::find(locked.begin(), locked.end(), fd);
  if (found == locked.end()) return Napi::Boolean::New(info.Env(), false);
  locked.erase(found);
  unlockFile(fd);
  return Napi::Boolean::New(info.Env(), true);
}

Napi::Value allocateFile(const Napi::CallbackInfo& info) {
  const Napi::Object request = objectArgument(info);
  const auto fd = static_cast<int>(std::min<uint64_t>(numberField(request, "fd"), INT_MAX));
  const uint64_t offset = numberField(request, "offset");
  const uint64_t length = numberField(request, "length");
  return runOnPool(info.Env(), [=] {
    allocateFile(fd, offset, length);
    return ToValue();
  });
}

}  // namespace moorage
