#include "addon/addon.hpp"

#include "addon/functions.hpp"
#include "addon/instance.hpp"

namespace moorage {

void initAddon(Napi::Env env, Napi::Object exports) {
  auto* instance = new Instance(env);
  env.SetInstanceData(instance);
  const auto offer = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  offer("post", post);
  offer("bind", bind);
  offer("detach", detach);
  offer("place", place);
  offer("mountTable", mountTable);
  offer("mountTableOf", mountTableOf);
  offer("pathMount", pathMount);
  offer("pinnedBy", pinnedBy);
  offer("prepareRoot", prepareRoot);
  offer("releaseRoot", releaseRoot);
  offer("watchMounts", watchMounts);
  offer("lockFile", lockFile);
  offer("unlockFile", unlockFile);
  offer("allocateFile", allocateFile);
  napi_value guarded = nullptr;
  if (napi_create_function(env, "guardedCall", NAPI_AUTO_LENGTH, guardedCall, instance, &guarded) != napi_ok) throw Napi::Error::New(env);
  exports.Set("guardedCall", Napi::Value(env, guarded));
}

}  // namespace moorage
