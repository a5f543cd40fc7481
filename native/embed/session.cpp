#include "embed/session.hpp"

#include <chrono>

#include "embed/down_frame.hpp"

namespace moorage {

bool Session::call(const uint8_t* frame, size_t size, moorage_reply_fn reply, void* context) {
  if (frame == nullptr || reply == nullptr || size == 0 || size > frameMax(frame, size)) return false;
  std::vector<uint8_t> copy(frame, frame + size);
  const double number = callOfFrame(frame, size);
  const std::lock_guard lock(mutex_);
  if (!started_ || closing_ || down_ || !port_.deliver) return false;
  const uint64_t token = ++lastToken_;
  // Under the lock: an answer must find the call, and `down` must either see it or have been seen here.
  open_[token] = {reply, context, number};
  if (port_.deliver(token, std::move(copy))) return true;
  open_.erase(token);
  return false;
}

std::string Session::waitStarted() {
  std::unique_lock lock(mutex_);
  const bool answered = changed_.wait_for(lock, std::chrono::milliseconds(options_.startMs), [this] { return started_ || down_; });
  if (!answered) return "the host was not ready within " + std::to_string(options_.startMs) + " ms; the machine may be too busy, or the limit on processes too small";
  if (started_) return startError_;
  return "the host ended before it was ready: " + reason_;
}

void Session::beginClose() {
  std::function<void()> close;
  ending("the isolator was closed");
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    if (!down_) close = port_.close;
  }
  if (close) close();
}

bool Session::waitClosed(uint32_t timeoutMs) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeoutMs), [this] { return closed_ || down_; });
}

bool Session::waitEnded(uint32_t timeoutMs) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeoutMs), [this] { return ended_; });
}

void Session::silence() {
  const std::lock_guard callbacks(callbacks_);
  silenced_ = true;
}

void Session::attach(HostPort port) {
  const std::lock_guard lock(mutex_);
  port_ = std::move(port);
}

bool Session::setStop(std::function<void()> stop) {
  const std::lock_guard lock(mutex_);
  stop_ = std::move(stop);
  return !stopAsked_;
}

void Session::stopHost() {
  // Under the lock, so that the environment cannot be freed meanwhile.
  const std::lock_guard lock(mutex_);
  stopAsked_ = true;
  if (stop_) stop_();
}

void Session::ending(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (reason_.empty()) reason_ = reason;
}

void Session::down(const std::string& reason) {
  ending(reason);
  const std::lock_guard callbacks(callbacks_);
  std::map<uint64_t, OpenCall> open;
  std::string message;
  {
    const std::lock_guard lock(mutex_);
    down_ = true;
    open.swap(open_);
    port_ = {};
    message = reason_;
    changed_.notify_all();
  }
  for (const auto& [token, call] : open) {
    const std::vector<uint8_t> frame = hostDownFrame(call.call, "the host of the isolator is gone: " + message);
    call.reply(call.context, frame.data(), frame.size());
  }
}

void Session::ended() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void Session::started(const std::string& error) {
  const std::lock_guard lock(mutex_);
  if (started_) return;
  started_ = true;
  startError_ = error;
  changed_.notify_all();
}

void Session::closed() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void Session::reply(uint64_t token, const uint8_t* frame, size_t size) {
  const std::lock_guard callbacks(callbacks_);
  OpenCall call{};
  if (take(token, call)) call.reply(call.context, frame, size);
}

bool Session::take(uint64_t token, OpenCall& call) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(token);
  if (found == open_.end()) return false;
  call = found->second;
  open_.erase(found);
  return true;
}

void Session::notice(const uint8_t* frame, size_t size) {
  const std::lock_guard callbacks(callbacks_);
  if (!silenced_ && options_.notice != nullptr) options_.notice(options_.context, frame, size);
}

void Session::log(const char* level, const char* text) {
  const std::lock_guard callbacks(callbacks_);
  if (!silenced_ && options_.log != nullptr) options_.log(options_.context, level, text);
}

}  // namespace moorage
