#include "embed/life.hpp"

#include "embed/session.hpp"

namespace moorage {

void Life::attach(HostPort port) {
  const std::lock_guard lock(session_->mutex_);
  if (over_ == Over::no) port_ = std::move(port);
}

bool Life::setStop(std::function<void()> stop) {
  const std::lock_guard lock(session_->mutex_);
  stop_ = std::move(stop);
  return !stopAsked_;
}

void Life::ending(const std::string& reason) {
  const std::lock_guard lock(session_->mutex_);
  if (reason_.empty()) reason_ = reason;
}

void Life::over(Over how, const std::string& more) {
  HostPort closed;
  const std::lock_guard lock(session_->mutex_);
  if (over_ != Over::no) return;
  over_ = how;
  if (!more.empty()) reason_ += ", and " + more;
  stop_ = nullptr;
  std::swap(closed, port_);
  session_->tell();
}

void Life::started(const std::string& error) {
  const std::lock_guard lock(session_->mutex_);
  if (started_) return;
  started_ = true;
  startError_ = error;
  if (error.empty()) session_->handOver(*this);
  session_->tell();
}

void Life::closed() {
  const std::lock_guard lock(session_->mutex_);
  closed_ = true;
  session_->tell();
}

void Life::recovered() {
  const std::lock_guard lock(session_->mutex_);
  if (session_->life_.get() == this) session_->calls_.recovered();
}

void Life::beat() {
  const std::lock_guard lock(session_->mutex_);
  beatAsked_ = false;
}

void Life::reply(uint64_t token, const uint8_t* frame, size_t size) { session_->answer(*this, token, frame, size); }

void Life::notice(const uint8_t* frame, size_t size) { session_->notice(frame, size); }

void Life::log(const char* level, const char* text) { session_->log(level, text); }

}  // namespace moorage
