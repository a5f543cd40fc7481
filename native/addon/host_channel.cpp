#include "addon/host_channel.hpp"

namespace moorage {

std::shared_ptr<HostChannel> HostChannel::create(Napi::Env env) {
  auto channel = std::make_shared<HostChannel>();
  auto* kept = new std::shared_ptr<HostChannel>(channel);
  const auto forget = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<HostChannel>*>(data); };
  const Napi::String name = Napi::String::New(env, "moorage");
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, kept, forget, channel.get(),
                                                             callJs, &channel->function_);
  if (status != napi_ok) {
    delete kept;
    throw Napi::Error::New(env, "moorage: the way back to the host thread could not be made");
  }
  napi_unref_threadsafe_function(env, channel->function_);
  // Hooks run last in, first out: ours must come after the function's own, so that it is closed before it is freed.
  napi_add_env_cleanup_hook(env, cleanUp, channel.get());
  return channel;
}

bool HostChannel::send(Task task) {
  const std::lock_guard lock(mutex_);
  if (function_ == nullptr) return false;
  tasks_.push_back(std::move(task));
  if (!signalled_) signalled_ = napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_ok;
  return true;
}

void HostChannel::hold(Napi::Env env) {
  if (holders_++ == 0 && function_ != nullptr) napi_ref_threadsafe_function(env, function_);
}

void HostChannel::release(Napi::Env env) {
  if (--holders_ == 0 && function_ != nullptr) napi_unref_threadsafe_function(env, function_);
}

void HostChannel::callJs(napi_env env, napi_value, void* context, void*) {
  if (env != nullptr) static_cast<HostChannel*>(context)->drain(env);
}

void HostChannel::cleanUp(void* context) {
  const auto self = static_cast<HostChannel*>(context)->shared_from_this();
  std::deque<Task> dropped;
  const std::lock_guard lock(self->mutex_);
  napi_release_threadsafe_function(std::exchange(self->function_, nullptr), napi_tsfn_abort);
  dropped.swap(self->tasks_);
}

void HostChannel::drain(Napi::Env env) {
  const auto self = shared_from_this();
  std::deque<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
    signalled_ = false;
  }
  for (const Task& task : tasks) {
    const Napi::HandleScope scope(env);
    try {
      task(env);
    } catch (const Napi::Error& error) {
      napi_fatal_exception(env, error.Value());
    }
  }
}

}  // namespace moorage
