#include "addon/worker_pool.hpp"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "effects/error.hpp"
#include "effects/signals.hpp"

namespace moorage {

struct WorkerPool::Shared {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> queue;
  size_t threads = 0;
  size_t idle = 0;
  bool closed = false;

  /** The next work, or an empty function when the thread shall end. Called and left without the lock. */
  std::function<void()> next() {
    std::unique_lock lock(mutex);
    idle++;
    wake.wait_for(lock, std::chrono::milliseconds(idleMs), [this] { return closed || !queue.empty(); });
    idle--;
    if (closed || queue.empty()) {
      threads--;
      return {};
    }
    std::function<void()> work = std::move(queue.front());
    queue.pop_front();
    return work;
  }
};

namespace {

template <typename Shared>
void* runThread(void* argument) {
  const std::unique_ptr<std::shared_ptr<Shared>> shared(static_cast<std::shared_ptr<Shared>*>(argument));
  pthread_setname_np(pthread_self(), "moorage-effect");
  while (const std::function<void()> work = (*shared)->next()) work();
  return nullptr;
}

int startDetached(void* (*body)(void*), void* argument) {
  const SignalsBlocked blocked;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, WorkerPool::stackBytes);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, body, argument);
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

WorkerPool::WorkerPool() : shared_(std::make_shared<Shared>()) {}

void WorkerPool::stop() {
  const std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
  shared_->wake.notify_all();
}

WorkerPool::~WorkerPool() {
  const std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
  shared_->queue.clear();
  shared_->wake.notify_all();
}

void WorkerPool::run(std::function<void()> work) {
  const std::lock_guard lock(shared_->mutex);
  shared_->queue.push_back(std::move(work));
  if (shared_->queue.size() <= shared_->idle || shared_->threads >= threadsMax) {
    shared_->wake.notify_one();
    return;
  }
  auto argument = std::make_unique<std::shared_ptr<Shared>>(shared_);
  const int error = startDetached(runThread<Shared>, argument.get());
  if (error == 0) {
    static_cast<void>(argument.release());
    shared_->threads++;
    return;
  }
  if (shared_->threads > 0) return;  // the work waits for one of those
  shared_->queue.pop_back();
  throw systemError("pthread_create", "", error, FailureKind::failed, "the limit on processes may be too small");
}

}  // namespace moorage
