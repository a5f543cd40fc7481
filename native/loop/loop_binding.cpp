#include "loop/loop_binding.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "addon/async.hpp"
#include "loop/image_mount.hpp"
#include "loop/memory_keeper.hpp"

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

/** A whole number that a double holds exactly. */
uint64_t numberField(const Napi::Object& request, const char* name) {
  const Napi::Value value = request.Get(name);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= 9007199254740991.0)) {
    throw Napi::TypeError::New(request.Env(), std::string(name) + ": must be a whole number from 0");
  }
  return static_cast<uint64_t>(number);
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

Napi::Value numberedMemory(const Napi::CallbackInfo& info, std::function<int()> work) {
  return runOnPool(info.Env(), [work = std::move(work)]() -> ToValue {
    return [number = work()](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, number); };
  });
}

Napi::Value makeMemoryCall(const Napi::CallbackInfo& info) {
  const Napi::Object fields = requestOf(info);
  const MemoryRequest request{stringField(fields, "source"), numberField(fields, "sizeBytes"), numberField(fields, "inodes")};
  return numberedMemory(info, [request] { return makeMemory(request); });
}

Napi::Value keepMemoryCall(const Napi::CallbackInfo& info) {
  return numberedMemory(info, [target = stringField(requestOf(info), "target")] { return keepMemory(target); });
}

Napi::Value attachMemoryCall(const Napi::CallbackInfo& info) {
  const Napi::Object fields = requestOf(info);
  const int number = static_cast<int>(numberField(fields, "number"));
  return runOnPool(info.Env(), [number, target = stringField(fields, "target")]() -> ToValue {
    attachMemory(number, target);
    return {};
  });
}

Napi::Value dropMemoryCall(const Napi::CallbackInfo& info) {
  return runOnPool(info.Env(), [number = static_cast<int>(numberField(requestOf(info), "number"))]() -> ToValue {
    dropMemory(number);
    return {};
  });
}

}  // namespace

void initLoop(Napi::Env env, Napi::Object exports) {
  Napi::Object loop = Napi::Object::New(env);
  loop.Set("mountImage", Napi::Function::New(env, mountImageCall, "mountImage"));
  loop.Set("unmountImage", Napi::Function::New(env, unmountImageCall, "unmountImage"));
  loop.Set("makeMemory", Napi::Function::New(env, makeMemoryCall, "makeMemory"));
  loop.Set("keepMemory", Napi::Function::New(env, keepMemoryCall, "keepMemory"));
  loop.Set("attachMemory", Napi::Function::New(env, attachMemoryCall, "attachMemory"));
  loop.Set("dropMemory", Napi::Function::New(env, dropMemoryCall, "dropMemory"));
  exports.Set("loop", loop);
}

}  // namespace moorage
