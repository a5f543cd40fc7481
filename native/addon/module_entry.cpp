#include <exception>
#include <string>

#include "addon/addon.hpp"

#ifdef MOORAGE_HAS_LOOP
#include "loop/loop_binding.hpp"
#endif

namespace {

/** The entry of moorage.node, for plain Node. */
Napi::Object init(Napi::Env env, Napi::Object exports) {
  try {
    moorage::initAddon(env, exports);
#ifdef MOORAGE_HAS_LOOP
    moorage::initLoop(env, exports);
#endif
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, std::string("moorage.node does not start: ") + error.what() + "; the limit of open files may be too small");
  }
  return exports;
}

}  // namespace

NODE_API_MODULE(moorage, init)
