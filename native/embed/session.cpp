#include "embed/session.hpp"

#include "embed/call_frames.hpp"

namespace moorage {
namespace {

/** A cleanup never fails for want of a host: what it asks for is in the journal, or follows from the next recover. */
void answerWithoutHost(const OpenCall& call, const std::string& message, const std::string& hint) {
  const double number = callOfFrame(*call.frame);
  const bool isCleanup = typeOfFrame(*call.frame) == FrameType::cleanup;
  const std::vector<uint8_t> frame = isCleanup ? okFrame(number) : hostDownFrame(number, message, hint);
  call.reply(call.context, frame.data(), frame.size());
}

}  // namespace

bool Session::call(const uint8_t* frame, size_t size, moorage_reply_fn reply, void* context) {
  if (frame == nullptr || reply == nullptr || size == 0 || size > frameMax(frame, size)) return false;
  const Frame kept = std::make_shared<const std::vector<uint8_t>>(frame, frame + size);
  const auto until = Clock::now() + std::chrono::milliseconds(options_.callMs);
  const std::lock_guard lock(mutex_);
  if (!opened_ || closing_) return false;
  // Under the lock: an answer must find the call, and a new host must either be given it here or find it among the open ones.
  const uint64_t token = calls_.add({kept, reply, context, until});
  if (isReachable()) life_->port_.deliver(token, kept);
  return true;
}

bool Session::isReachable() const {
  return life_ && life_->started_ && life_->startError_.empty() && !life_->stopAsked_ && life_->port_.deliver;
}

void Session::tell() {
  news_++;
  changed_.notify_all();
}

void Session::handOver(Life& life) {
  if (life_.get() != &life || !life.port_.deliver) return;
  opened_ = true;
  for (const auto& [token, call] : calls_.all()) life.port_.deliver(token, call.frame);
}

std::string Session::waitStarted() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return opened_ || finished_; });
  return startError_;
}

void Session::beginClose(uint32_t timeoutMs) {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  closeMs_ = timeoutMs;
  tell();
}

void Session::answerAll(const std::string& why) {
  const std::lock_guard callbacks(callbacks_);
  std::vector<OpenCall> open;
  {
    const std::lock_guard lock(mutex_);
    open = calls_.takeAll();
  }
  for (const OpenCall& call : open)
    answerWithoutHost(call, "the host of the isolator is gone: " + why, "open the isolator again; its journal knows what was mounted");
}

void Session::answerOverdue(const std::string& lastDeath) {
  const std::lock_guard callbacks(callbacks_);
  std::vector<OpenCall> overdue;
  {
    const std::lock_guard lock(mutex_);
    overdue = calls_.overdue(Clock::now());
  }
  for (const OpenCall& call : overdue) {
    answerWithoutHost(call, "no host took this call within " + std::to_string(options_.callMs) + " ms; the last one died: " + lastDeath,
                      "a new one is started again and again; the alerts host-down say what each died of");
  }
}

void Session::silence() {
  const std::lock_guard callbacks(callbacks_);
  silenced_ = true;
}

void Session::answer(const Life& life, uint64_t token, const uint8_t* frame, size_t size) {
  const std::lock_guard callbacks(callbacks_);
  std::vector<OpenCall> answered;
  {
    const std::lock_guard lock(mutex_);
    if (life_.get() == &life) answered = calls_.answered(token);
  }
  for (const OpenCall& call : answered) call.reply(call.context, frame, size);
}

void Session::notice(const uint8_t* frame, size_t size) {
  const std::lock_guard callbacks(callbacks_);
  if (!silenced_ && options_.notice != nullptr) options_.notice(options_.context, frame, size);
}

void Session::log(const std::string& level, const std::string& text) {
  const std::lock_guard callbacks(callbacks_);
  if (!silenced_ && options_.log != nullptr) options_.log(options_.context, level.c_str(), text.c_str());
}

}  // namespace moorage
