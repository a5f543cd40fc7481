#pragma once

#include <napi.h>

namespace moorage {

/** Sets `exports.loop` to the functions of `LoopBinding` (host/binding.ts). */
void initLoop(Napi::Env env, Napi::Object exports);

}  // namespace moorage
