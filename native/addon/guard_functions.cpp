#include "addon/arguments.hpp"
#include "addon/async.hpp"
#include "addon/functions.hpp"
#include "addon/instance.hpp"
#include "addon/v8_isolate.hpp"

namespace moorage {
namespace {

/** What was thrown, taken from the environment; null when nothing of JS was: the environment is being stopped. */
napi_value takeException(napi_env env) {
  napi_value exception = nullptr;
  if (napi_get_and_clear_last_exception(env, &exception) != napi_ok) return nullptr;
  napi_valuetype type = napi_null;
  if (napi_typeof(env, exception, &type) != napi_ok) return nullptr;
  return type == napi_null || type == napi_undefined ? nullptr : exception;
}

void throwTimeout(napi_env env, uint32_t limitMs) {
  nativeError(env, EffectError(FailureKind::timeout, "timeout", "stopped after " + std::to_string(limitMs) + " ms"))
      .ThrowAsJavaScriptException();
}

}  // namespace

napi_value guardedCall(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_value self = nullptr;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, arguments, &self, &data);
  auto& instance = *static_cast<Instance*>(data);
  uint32_t limitMs = 0;
  napi_get_value_uint32(env, arguments[1], &limitMs);
  const bool isOutermost = !instance.guard.isUnderWay();
  try {
    if (isOutermost) instance.guard.begin(limitMs);
  } catch (const EffectError& error) {
    nativeError(env, error).ThrowAsJavaScriptException();
    return nullptr;
  }
  napi_value result = nullptr;
  const napi_status status = napi_call_function(env, self, arguments[0], 0, nullptr, &result);
  const bool wasTerminated = isOutermost && instance.guard.end();
  if (wasTerminated) {
    v8::Isolate::GetCurrent()->CancelTerminateExecution();
    napi_value ignored = nullptr;
    napi_get_and_clear_last_exception(env, &ignored);
    throwTimeout(env, limitMs);
    return nullptr;
  }
  if (status == napi_ok) return result;
  if (napi_value exception = takeException(env)) {
    napi_throw(env, exception);
  } else {
    // Somebody else ends the environment, or an outer call: what called us must not go on as if we had returned.
    v8::Isolate::GetCurrent()->TerminateExecution();
  }
  return nullptr;
}

}  // namespace moorage
