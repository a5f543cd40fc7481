#include "embed/embedded_binding.hpp"

#include <sstream>

#include "addon/arguments.hpp"
#include "addon/instance.hpp"
#include "embed/session.hpp"

namespace moorage {
namespace {

/** The JS side of a life. Lives as long as the environment. */
struct EmbeddedSide {
  std::shared_ptr<Life> life;
  Napi::ObjectReference object;
};

struct Bytes {
  const uint8_t* data;
  size_t size;
};

Bytes frameArgument(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsTypedArray() || info[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(info.Env(), "moorage: a frame must be a Uint8Array");
  }
  const auto array = info[index].As<Napi::Uint8Array>();
  if (array.ByteLength() > MOORAGE_FRAME_MAX) {
    throw Napi::RangeError::New(info.Env(), "moorage: a frame of " + std::to_string(array.ByteLength()) + " bytes is longer than " +
                                                std::to_string(MOORAGE_FRAME_MAX) + " bytes");
  }
  return {array.Data(), array.ByteLength()};
}

Napi::Uint8Array toBytes(Napi::Env env, const std::vector<uint8_t>& frame) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, frame.size());
  std::copy(frame.begin(), frame.end(), array.Data());
  return array;
}

void deliverCall(Napi::Env env, EmbeddedSide& side, uint64_t token, const std::vector<uint8_t>& frame) {
  const Napi::Value onCall = side.object.Value().Get("onCall");
  if (!onCall.IsFunction()) throw Napi::Error::New(env, "moorage: a call came, but the host has set no embedded.onCall");
  onCall.As<Napi::Function>().Call({Napi::Number::New(env, static_cast<double>(token)), toBytes(env, frame)});
}

void deliverClose(EmbeddedSide& side) {
  const Napi::Value onClose = side.object.Value().Get("onClose");
  if (!onClose.IsFunction()) return side.life->closed();
  onClose.As<Napi::Function>().Call({});
}

HostPort makePort(EmbeddedSide* side, const std::shared_ptr<HostChannel>& channel) {
  // Tasks run only while the environment lives, and so does `side`.
  HostPort port;
  port.deliver = [side, channel](uint64_t token, Frame frame) {
    return channel->send([side, token, frame = std::move(frame)](Napi::Env env) { deliverCall(env, *side, token, *frame); });
  };
  port.beat = [side, channel] { channel->send([side](Napi::Env) { side->life->beat(); }); };
  port.close = [side, channel] { channel->send([side](Napi::Env) { deliverClose(*side); }); };
  return port;
}

Napi::Object optionsObject(Napi::Env env, const Life& life) {
  const SessionOptions& options = life.session().options();
  Napi::Object object = Napi::Object::New(env);
  object.Set("config", options.config);
  object.Set("stateDir", options.stateDir);
  object.Set("policy", options.policy);
  object.Set("restarted", life.restarted());
  object.Freeze();
  return object;
}

using LifeFunction = void (*)(Life&, const Napi::CallbackInfo&);

void offer(Napi::Object& object, const char* name, const std::shared_ptr<Life>& life, LifeFunction function) {
  const auto call = [life, function](const Napi::CallbackInfo& info) { function(*life, info); };
  object.Set(name, Napi::Function::New(object.Env(), call, name));
}

void reply(Life& life, const Napi::CallbackInfo& info) {
  const uint64_t token = numberArgument(info, 0);
  const Bytes frame = frameArgument(info, 1);
  life.reply(token, frame.data, frame.size);
}

void notice(Life& life, const Napi::CallbackInfo& info) {
  const Bytes frame = frameArgument(info, 0);
  life.notice(frame.data, frame.size);
}

/** A call for each line: the words of a driver, say, must not look like lines of the log of their own. */
void log(Life& life, const Napi::CallbackInfo& info) {
  const std::string level = stringArgument(info, 0);
  std::istringstream lines(stringArgument(info, 1));
  for (std::string line; std::getline(lines, line);) life.log(level.c_str(), line.c_str());
}

}  // namespace

void initEmbedded(Napi::Env env, Napi::Object exports, const std::shared_ptr<Life>& life) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("options", optionsObject(env, *life));
  object.Set("onCall", env.Undefined());
  object.Set("onClose", env.Undefined());
  offer(object, "started", life, [](Life& self, const Napi::CallbackInfo& info) { self.started(stringArgument(info)); });
  offer(object, "ending", life, [](Life& self, const Napi::CallbackInfo& info) { self.ending(stringArgument(info)); });
  offer(object, "recovered", life, [](Life& self, const Napi::CallbackInfo&) { self.recovered(); });
  offer(object, "closed", life, [](Life& self, const Napi::CallbackInfo&) { self.closed(); });
  offer(object, "reply", life, reply);
  offer(object, "notice", life, notice);
  offer(object, "log", life, log);
  exports.Set("embedded", object);

  auto* side = new EmbeddedSide{life, Napi::Persistent(object)};
  env.AddCleanupHook([side] { delete side; });
  const std::shared_ptr<HostChannel> channel = instanceOf(env).channel;
  channel->hold(env);  // the host waits for calls as long as the isolator is open
  life->attach(makePort(side, channel));
}

}  // namespace moorage
