#pragma once

#include <napi.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace moorage {

/**
 * The way from any thread onto the host thread: one thread-safe function for everything.
 *
 * It keeps the event loop alive only while somebody holds it, so a plain Node process with nothing left to do ends. When the
 * JS environment goes, a cleanup hook closes the channel under its lock; what is sent afterwards is dropped.
 */
class HostChannel : public std::enable_shared_from_this<HostChannel> {
 public:
  using Task = std::function<void(Napi::Env)>;

  /** Makes the channel of an environment; call it on the host thread. */
  static std::shared_ptr<HostChannel> create(Napi::Env env);

  /** Runs `task` on the host thread, in order. False when the environment is gone: the task is dropped. Any thread. */
  bool send(Task task);

  /** Keeps the event loop alive until as many releases. Host thread only. */
  void hold(Napi::Env env);
  void release(Napi::Env env);

 private:
  static void callJs(napi_env env, napi_value function, void* context, void* data);
  static void cleanUp(void* context);
  void drain(Napi::Env env);

  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;
  std::deque<Task> tasks_;
  bool signalled_ = false;
  size_t holders_ = 0;
};

}  // namespace moorage
