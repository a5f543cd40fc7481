#pragma once

#include <napi.h>

namespace moorage {

/** The functions of `Binding` (host/binding.ts), which says what each takes, gives and refuses. */
Napi::Value post(const Napi::CallbackInfo& info);
Napi::Value bind(const Napi::CallbackInfo& info);
Napi::Value detach(const Napi::CallbackInfo& info);
Napi::Value place(const Napi::CallbackInfo& info);
Napi::Value mountTable(const Napi::CallbackInfo& info);
Napi::Value mountTableOf(const Napi::CallbackInfo& info);
Napi::Value pathMount(const Napi::CallbackInfo& info);
Napi::Value pinnedBy(const Napi::CallbackInfo& info);
Napi::Value prepareRoot(const Napi::CallbackInfo& info);
Napi::Value releaseRoot(const Napi::CallbackInfo& info);
Napi::Value watchMounts(const Napi::CallbackInfo& info);
Napi::Value lockFile(const Napi::CallbackInfo& info);
Napi::Value unlockFile(const Napi::CallbackInfo& info);
Napi::Value allocateFile(const Napi::CallbackInfo& info);

/** In Node-API itself: it is called for every step of the policy. Its data is the Instance. */
napi_value guardedCall(napi_env env, napi_callback_info info);

}  // namespace moorage
