#include <limits.h>

#include <algorithm>

#include "addon/arguments.hpp"
#include "addon/async.hpp"
#include "addon/functions.hpp"
#include "effects/bind.hpp"
#include "effects/detach.hpp"
#include "effects/mount_table.hpp"
#include "effects/path_mount.hpp"
#include "effects/pins.hpp"
#include "effects/place.hpp"
#include "effects/root.hpp"

namespace moorage {
namespace {

Napi::Object toObject(Napi::Env env, const Mount& mount) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("target", mount.target);
  object.Set("mountId", static_cast<double>(mount.mountId));
  object.Set("source", mount.source);
  object.Set("fstype", mount.fstype);
  object.Set("root", mount.root);
  object.Set("dev", mount.dev);
  return object;
}

Napi::Object toObject(Napi::Env env, const BindResult& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("mountId", static_cast<double>(result.mountId));
  object.Set("sourceMountId", static_cast<double>(result.sourceMountId));
  object.Set("fstype", result.fstype);
  object.Set("dev", result.dev);
  return object;
}

Napi::Object toObject(Napi::Env env, const PathMount& mount) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("mountId", static_cast<double>(mount.mountId));
  object.Set("dev", mount.dev);
  object.Set("fstype", mount.fstype);
  object.Set("root", mount.root);
  object.Set("ownMount", mount.ownMount);
  return object;
}

Napi::Object toObject(Napi::Env env, const Pin& pin) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", static_cast<double>(pin.pid));
  object.Set("namespace", static_cast<double>(pin.mountNamespace));
  return object;
}

template <typename Item>
ToValue listOf(std::vector<Item> items) {
  return [items = std::move(items)](Napi::Env env) {
    Napi::Array list = Napi::Array::New(env, items.size());
    for (uint32_t i = 0; i < items.size(); i++) list.Set(i, toObject(env, items[i]));
    return Napi::Value(list);
  };
}

template <typename Item>
ToValue one(Item item) {
  return [item = std::move(item)](Napi::Env env) { return Napi::Value(toObject(env, item)); };
}

}  // namespace

Napi::Value bind(const Napi::CallbackInfo& info) {
  const Napi::Object object = objectArgument(info);
  BindRequest request;
  request.root = stringField(object, "root");
  request.source = stringField(object, "source");
  request.target = stringField(object, "target");
  request.readonly = booleanField(object, "readonly");
  request.plainDirs = booleanField(object, "plainDirs");
  request.owner = optionalString(object, "owner");
  return runOnPool(info.Env(), [request] { return one(bindVolume(request)); });
}

Napi::Value detach(const Napi::CallbackInfo& info) {
  const Napi::Object object = objectArgument(info);
  DetachRequest request;
  request.root = stringField(object, "root");
  request.target = stringField(object, "target");
  request.mountId = numberField(object, "mountId");
  return runOnPool(info.Env(), [request]() -> ToValue {
    return [gone = detachVolume(request)](Napi::Env env) {
      Napi::Object object = Napi::Object::New(env);
      object.Set("gone", gone);
      return Napi::Value(object);
    };
  });
}

Napi::Value place(const Napi::CallbackInfo& info) {
  const Napi::Object object = objectArgument(info);
  PlaceRequest request;
  request.base = stringField(object, "base");
  request.create = booleanField(object, "create");
  request.owner = optionalString(object, "owner");
  const Napi::Value paths = object.Get("paths");
  if (!paths.IsArray()) throw Napi::TypeError::New(info.Env(), "moorage: paths must be an array of strings");
  const Napi::Array list = paths.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::Value path = list.Get(i);
    if (!path.IsString()) throw Napi::TypeError::New(info.Env(), "moorage: paths must be an array of strings");
    request.paths.push_back(path.As<Napi::String>());
  }
  return runOnPool(info.Env(), [request]() -> ToValue {
    placePaths(request);
    return {};
  });
}

Napi::Value mountTable(const Napi::CallbackInfo& info) {
  return runOnPool(info.Env(), [] { return listOf(readMountTable()); });
}

Napi::Value mountTableOf(const Napi::CallbackInfo& info) {
  const auto pid = static_cast<int>(std::min<uint64_t>(numberArgument(info), INT_MAX));
  return runOnPool(info.Env(), [pid] { return listOf(readMountTableOf(pid)); });
}

Napi::Value pathMount(const Napi::CallbackInfo& info) {
  return runOnPool(info.Env(), [path = stringArgument(info)] { return one(mountOfPath(path)); });
}

Napi::Value pinnedBy(const Napi::CallbackInfo& info) {
  const Napi::Object object = objectArgument(info);
  Sought sought{stringField(object, "dev"), stringField(object, "root"), stringsField(object, "copies")};
  return runOnPool(info.Env(), [sought = std::move(sought)] { return listOf(findPins(sought)); });
}

Napi::Value prepareRoot(const Napi::CallbackInfo& info) {
  return runOnPool(info.Env(), [root = stringArgument(info)]() -> ToValue {
    prepareRoot(root);
    return {};
  });
}

Napi::Value releaseRoot(const Napi::CallbackInfo& info) {
  return runOnPool(info.Env(), [root = stringArgument(info)]() -> ToValue {
    return [gone = releaseRoot(root)](Napi::Env env) { return Napi::Value(Napi::Boolean::New(env, gone)); };
  });
}

}  // namespace moorage
