#include "addon/async.hpp"

#include "addon/instance.hpp"

namespace moorage {

struct PendingPromise::State {
  explicit State(Napi::Env env)
      : deferred(Napi::Promise::Deferred::New(env)), channel(instanceOf(env).channel) {}

  Napi::Promise::Deferred deferred;
  std::shared_ptr<HostChannel> channel;
};

PendingPromise::PendingPromise(Napi::Env env) : state_(std::make_shared<State>(env)) { state_->channel->hold(env); }

Napi::Promise PendingPromise::promise() const { return state_->deferred.Promise(); }

void PendingPromise::resolve(ToValue toValue) const {
  state_->channel->send([state = state_, toValue = std::move(toValue)](Napi::Env env) {
    state->channel->release(env);
    state->deferred.Resolve(toValue ? toValue(env) : env.Undefined());
  });
}

void PendingPromise::reject(EffectError error) const {
  state_->channel->send([state = state_, error = std::move(error)](Napi::Env env) {
    state->channel->release(env);
    state->deferred.Reject(nativeError(env, error).Value());
  });
}

Napi::Promise runOnPool(Napi::Env env, std::function<ToValue()> work) {
  const PendingPromise pending(env);
  const auto settle = [pending, work = std::move(work)] {
    try {
      pending.resolve(work());
    } catch (const EffectError& error) {
      pending.reject(error);
    } catch (const std::exception& error) {
      pending.reject(EffectError(FailureKind::failed, "internal", error.what()));
    }
  };
  try {
    instanceOf(env).pool.run(settle);
  } catch (const EffectError& error) {
    pending.reject(error);
  }
  return pending.promise();
}

Napi::Error nativeError(Napi::Env env, const EffectError& error) {
  Napi::Error made = Napi::Error::New(env, error.what());
  made.Set("code", Napi::String::New(env, error.code()));
  made.Set("kind", Napi::String::New(env, kindName(error.kind())));
  return made;
}

}  // namespace moorage
