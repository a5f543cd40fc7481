#pragma once

#include <napi.h>

#include <functional>

#include "effects/error.hpp"

namespace moorage {

/** Makes the JS value of a finished work. Runs on the host thread. */
using ToValue = std::function<Napi::Value(Napi::Env)>;

/**
 * Runs `work` on a thread of the pool. The promise resolves with what the returned ToValue makes (an empty one:
 * `undefined`), and rejects with a NativeError when `work` throws: an EffectError keeps its code and kind, any other
 * exception becomes code `internal`, kind `failed`.
 */
Napi::Promise runOnPool(Napi::Env env, std::function<ToValue()> work);

/** An open promise that any thread may settle once, through the environment's channel. */
class PendingPromise {
 public:
  /** Host thread. Keeps the event loop alive until it is settled. */
  explicit PendingPromise(Napi::Env env);

  Napi::Promise promise() const;

  /** Any thread, once. */
  void resolve(ToValue toValue) const;
  void reject(EffectError error) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/** The JS error of an EffectError: message, `code`, `kind`. */
Napi::Error nativeError(Napi::Env env, const EffectError& error);

}  // namespace moorage
