#pragma once

#include <functional>
#include <memory>

namespace moorage {

/**
 * Threads for work that may wait long: a hung file system can hold one for minutes and delays nobody else. A thread is made
 * when no idle one is there (at most `threadsMax`, then work queues), and ends after `idleMs` without work.
 *
 * The threads are detached and own what they share with the pool, since a hung one cannot be joined.
 */
class WorkerPool {
 public:
  static constexpr size_t threadsMax = 512;
  static constexpr int idleMs = 10000;
  static constexpr size_t stackBytes = size_t{512} * 1024;

  WorkerPool();
  ~WorkerPool();

  /** What is queued is never begun; waits for nothing. Any thread. */
  void stop();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /** Runs `work` once, on some thread. It must not throw. Throws EffectError when there is no thread and none can be made. */
  void run(std::function<void()> work);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace moorage
