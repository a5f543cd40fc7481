#pragma once

#include <napi.h>

namespace moorage {

/** Puts the functions of `Binding` on `exports`. The same for both builds. */
void initAddon(Napi::Env env, Napi::Object exports);

}  // namespace moorage
