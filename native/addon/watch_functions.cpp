#include <algorithm>

#include "addon/arguments.hpp"
#include "addon/async.hpp"
#include "addon/functions.hpp"
#include "addon/instance.hpp"

namespace moorage {
namespace {

Napi::Array toArray(Napi::Env env, const std::vector<uint64_t>& ids) {
  Napi::Array list = Napi::Array::New(env, ids.size());
  for (uint32_t i = 0; i < ids.size(); i++) list.Set(i, static_cast<double>(ids[i]));
  return list;
}

Napi::Array listArgument(const Napi::CallbackInfo& info) {
  if (!info[0].IsArray()) throw Napi::TypeError::New(info.Env(), "moorage: argument 1 must be an array");
  return info[0].As<Napi::Array>();
}

/** News go to the host thread; when the watch is closed by then, nobody hears them. */
MountWatch::OnGone teller(std::shared_ptr<HostChannel> channel, std::weak_ptr<Watching> watching) {
  return [channel = std::move(channel), watching = std::move(watching)](std::vector<uint64_t> ids) {
    channel->send([watching, ids = std::move(ids)](Napi::Env env) {
      if (const auto open = watching.lock()) open->onGone.Call({toArray(env, ids)});
    });
  };
}

void watch(const Napi::CallbackInfo& info, Watching& watching) {
  const Napi::Array list = listArgument(info);
  std::vector<WatchedMount> mounts;
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::Value item = list.Get(i);
    if (!item.IsObject()) throw Napi::TypeError::New(info.Env(), "moorage: a watched mount must be an object");
    mounts.push_back({numberField(item.As<Napi::Object>(), "mountId"), stringField(item.As<Napi::Object>(), "path")});
  }
  watching.watch->watch(std::move(mounts));
}

void unwatch(const Napi::CallbackInfo& info, Watching& watching) {
  const Napi::Array list = listArgument(info);
  std::vector<uint64_t> ids;
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::Value item = list.Get(i);
    if (!item.IsNumber()) throw Napi::TypeError::New(info.Env(), "moorage: a mount id must be a number");
    ids.push_back(static_cast<uint64_t>(item.As<Napi::Number>().Int64Value()));
  }
  watching.watch->unwatch(ids);
}

void close(const Napi::CallbackInfo& info, const std::shared_ptr<Watching>& watching) {
  auto& all = instanceOf(info.Env()).watchings;
  all.erase(std::remove(all.begin(), all.end(), watching), all.end());
}

template <typename Work>
void offer(Napi::Object& object, const char* name, const std::weak_ptr<Watching>& watching, Work work) {
  const auto call = [watching, work](const Napi::CallbackInfo& info) {
    if (const auto open = watching.lock()) work(info, open);
  };
  object.Set(name, Napi::Function::New(object.Env(), call, name));
}

}  // namespace

Napi::Value watchMounts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) throw Napi::TypeError::New(env, "moorage: argument 1 must be a function");
  const auto watching = std::make_shared<Watching>();
  watching->onGone = Napi::Persistent(info[0].As<Napi::Function>());
  try {
    watching->watch = std::make_unique<MountWatch>(teller(instanceOf(env).channel, watching));
  } catch (const EffectError& error) {
    throw nativeError(env, error);
  }
  instanceOf(env).watchings.push_back(watching);
  Napi::Object object = Napi::Object::New(env);
  object.Set("way", wayName(watching->watch->way()));
  const auto with = [](auto work) {
    return [work](const Napi::CallbackInfo& call, const std::shared_ptr<Watching>& open) { work(call, *open); };
  };
  offer(object, "watch", watching, with(watch));
  offer(object, "unwatch", watching, with(unwatch));
  offer(object, "close", watching, close);
  return object;
}

}  // namespace moorage
