#include "addon/addon.hpp"

#ifdef MOORAGE_HAS_LOOP
#include "loop/loop_binding.hpp"
#endif

namespace {

/** The entry of moorage.node, for plain Node. */
Napi::Object init(Napi::Env env, Napi::Object exports) {
  moorage::initAddon(env, exports);
#ifdef MOORAGE_HAS_LOOP
  moorage::initLoop(env, exports);
#endif
  return exports;
}

}  // namespace

NODE_API_MODULE(moorage, init)
