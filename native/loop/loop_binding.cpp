#include "loop/loop_binding.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "addon/async.hpp"
#include "loop/image_mount.hpp"

namespace moorage {
namespace {

/** More would only keep a thread; also what a 32-bit number of milliseconds holds with room to add to. */
constexpr double retryMsMax = 600'000;

Napi::Object requestOf(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsObject()) throw Napi::TypeError::New(info.Env(), "a request object is needed");
  return info[0].As<Napi::Object>();
}

std::string stringField(const Napi::Object& request, const char* name) {
  const Napi::Value value = request.Get(name);
  if (!value.IsString()) throw Napi::TypeError::New(request.Env(), std::string(name) + ": must be a string");
  std::string text = value.As<Napi::String>().Utf8Value();
  // The system calls would silently use only the part before it.
  if (text.find('\0') != std::string::npos) {
    throw Napi::TypeError::New(request.Env(), std::string(name) + ": must not contain NUL");
  }
  return text;
}

std::chrono::milliseconds retryField(const Napi::Object& request) {
  const Napi::Value value = request.Get("retryMs");
  const double retryMs = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  // Written so that NaN is refused too.
  if (!(retryMs >= 0 && retryMs <= retryMsMax)) {
    throw Napi::RangeError::New(request.Env(), "retryMs: must be a number of milliseconds from 0 to 600000");
  }
  return std::chrono::milliseconds(static_cast<long>(retryMs));
}

Napi::Value mountImageCall(const Napi::CallbackInfo& info) {
  const Napi::Object fields = requestOf(info);
  ImageMountRequest request{stringField(fields, "image"), stringField(fields, "target"), stringField(fields, "fstype"),
                            stringField(fields, "options")};
  return runOnPool(info.Env(), [request = std::move(request)]() -> ToValue {
    return [device = mountImage(request)](Napi::Env env) -> Napi::Value {
      Napi::Object result = Napi::Object::New(env);
      result.Set("device", device);
      return result;
    };
  });
}

Napi::Value unmountImageCall(const Napi::CallbackInfo& info) {
  const Napi::Object fields = requestOf(info);
  return runOnPool(info.Env(),
                   [target = stringField(fields, "target"), retry = retryField(fields)]() -> ToValue {
                     unmountImage(target, retry);
                     return {};
                   });
}

}  // namespace

void initLoop(Napi::Env env, Napi::Object exports) {
  Napi::Object loop = Napi::Object::New(env);
  loop.Set("mountImage", Napi::Function::New(env, mountImageCall, "mountImage"));
  loop.Set("unmountImage", Napi::Function::New(env, unmountImageCall, "unmountImage"));
  exports.Set("loop", loop);
}

}  // namespace moorage
