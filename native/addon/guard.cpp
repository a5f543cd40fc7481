#include "addon/guard.hpp"

#include <sched.h>

#include <algorithm>

#include "effects/error.hpp"
#include "effects/signals.hpp"

namespace moorage {
namespace {

constexpr uint64_t ended = UINT64_MAX;
constexpr uint32_t looksInLimit = 4;
constexpr size_t stackBytes = size_t{256} * 1024;

}  // namespace

Guard::~Guard() {
  if (!hasThread_) return;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake_.notify_all();
  }
  pthread_join(thread_, nullptr);
}

void Guard::begin(uint32_t limitMs) {
  if (!hasThread_) start();
  isUnderWay_ = true;
  limitMs_.store(limitMs, std::memory_order_relaxed);
  number_++;
  last_.store(number_, std::memory_order_relaxed);
  word_.store(number_);
  if (isAwake_.load()) return;
  const std::lock_guard lock(mutex_);
  isAwake_.store(true);
  wake_.notify_all();
}

bool Guard::end() {
  isUnderWay_ = false;
  uint64_t expected = number_;
  if (word_.compare_exchange_strong(expected, 0)) return false;
  // The thread has won; its word must have been spoken before it can be taken back.
  while (!isTerminated_.load()) ::sched_yield();
  isTerminated_.store(false);
  word_.store(0);
  return true;
}

void Guard::start() {
  pthread_getcpuclockid(pthread_self(), &callersClock_);
  const SignalsBlocked blocked;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stackBytes);
  const auto body = [](void* self) -> void* {
    pthread_setname_np(pthread_self(), "moorage-guard");
    static_cast<Guard*>(self)->run();
    return nullptr;
  };
  const int error = pthread_create(&thread_, &attributes, body, this);
  pthread_attr_destroy(&attributes);
  if (error != 0) throw systemError("pthread_create", "", error, FailureKind::failed, "the limit on processes may be too small");
  hasThread_ = true;
}

void Guard::run() {
  for (;;) {
    const uint64_t last = last_.load();
    if (!sleep()) return;
    look();
    if (word_.load() == 0 && last_.load() == last && !rest(last)) return;
  }
}

bool Guard::sleep() {
  const uint32_t partMs = std::max<uint32_t>(1, limitMs_.load() / looksInLimit);
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, std::chrono::milliseconds(partMs), [this] { return closed_; });
}

bool Guard::rest(uint64_t seen) {
  std::unique_lock lock(mutex_);
  isAwake_.store(false);
  // A call that began before this was seen may have thought that somebody is awake.
  if (last_.load() != seen || word_.load() != 0) isAwake_.store(true);
  wake_.wait(lock, [this] { return closed_ || isAwake_.load(); });
  return !closed_;
}

void Guard::look() {
  uint64_t number = word_.load();
  if (number == 0 || number == ended) return;
  if (number != seen_) {
    seen_ = number;
    usedBefore_ = used();
    return;
  }
  if (used() - usedBefore_ < std::chrono::milliseconds(limitMs_.load())) return;
  if (!word_.compare_exchange_strong(number, ended)) return;
  terminate_();
  isTerminated_.store(true);
}

std::chrono::nanoseconds Guard::used() const {
  timespec time{};
  ::clock_gettime(callersClock_, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace moorage
