#include "addon/addon.hpp"

#include "addon/functions.hpp"
#include "addon/instance.hpp"

namespace moorage {

void initAddon(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Instance(env));
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
  offer("lockFile", lockFile);
  offer("unlockFile", unlockFile);
  offer("allocateFile", allocateFile);
}

}  // namespace moorage
