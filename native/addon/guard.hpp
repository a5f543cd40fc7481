#pragma once

#include <pthread.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace moorage {

/**
 * Ends calls into JS or wasm that take too long, from a thread of its own. One for each environment; a call at a time.
 *
 * A call costs two writes of one word: it puts its number there, and takes it away by compare-and-swap. The thread looks four times within
 * the limit whether the same number still stands there. When the caller's thread has used up the limit since, it swaps the number for the mark of
 * the end. Who wins the swap decides: either the call has ended in time, or it is terminated and knows it. Time of the processor counts, not of
 * the clock on the wall: nobody is ended because the machine is busy or the process was stopped. While nothing is called the thread sleeps.
 */
class Guard {
 public:
  /** `terminate` is called on the guard's thread. */
  explicit Guard(std::function<void()> terminate) : terminate_(std::move(terminate)) {}
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /** A call begins, which may take `limitMs`; always on the same thread. Throws EffectError when the thread cannot be made. */
  void begin(uint32_t limitMs);
  /** It is over. True: it was terminated, and the termination is to be cancelled. */
  bool end();
  bool isUnderWay() const { return isUnderWay_; }

 private:
  void start();
  void run();
  /** Sleeps for a part of the limit. False when the guard goes. */
  bool sleep();
  /** Until a call begins. False when the guard goes. */
  bool rest(uint64_t seen);
  void look();
  /** What the caller's thread has used of the processor. */
  std::chrono::nanoseconds used() const;

  const std::function<void()> terminate_;
  pthread_t thread_{};
  clockid_t callersClock_{};
  bool hasThread_ = false;
  bool isUnderWay_ = false;
  uint64_t number_ = 0;

  std::atomic<uint64_t> word_{0};  // the number of the call under way, 0, or `ended`
  std::atomic<uint64_t> last_{0};  // the number of the last call
  std::atomic<uint32_t> limitMs_{0};
  std::atomic<bool> isAwake_{false};
  std::atomic<bool> isTerminated_{false};

  // Of the thread.
  uint64_t seen_ = 0;
  std::chrono::nanoseconds usedBefore_{};

  std::mutex mutex_;
  std::condition_variable wake_;
  bool closed_ = false;
};

}  // namespace moorage
