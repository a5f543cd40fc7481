#include "mesos/gauge.hpp"

#include <signal.h>

#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_set>

#include <process/after.hpp>

#include <stout/duration.hpp>

namespace moorage::module {

namespace {

/** How long the agent waits for numbers. */
// NOLINTNEXTLINE(cert-err58-cpp): all constructors of these are constexpr
const Duration patience = Seconds(2);

using GaugedPromise = process::Promise<Gauged>;

/** A thread takes no signal of the agent. */
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

struct Gauge::Busy {
  std::mutex mutex;
  std::unordered_set<std::string> ids;

  bool begin(const std::string& id) {
    const std::lock_guard<std::mutex> lock(mutex);
    return ids.insert(id).second;
  }
  void end(const std::string& id) {
    const std::lock_guard<std::mutex> lock(mutex);
    ids.erase(id);
  }
};

Gauge::Gauge(std::string root) : root_(std::move(root)), busy_(std::make_shared<Busy>()) {}

process::Future<Gauged> Gauge::ask(const std::string& id, std::vector<std::string> paths, int pid) {
  Gauged nothing{paths, {}};
  if (root_.empty() || (paths.empty() && pid == 0) || !busy_->begin(id)) return nothing;
  const auto promise = std::make_shared<GaugedPromise>();
  const auto work = [promise, busy = busy_, root = root_, id, pid, paths = std::move(paths)] {
    Gauged gauged;
    gauged.paths = paths.empty() ? managedMountsOf(pid, root) : paths;
    gauged.spaces = measure(root, gauged.paths);
    busy->end(id);
    promise->set(gauged);
  };
  try {
    const SignalsBlocked blocked;
    std::thread(work).detach();
  } catch (const std::system_error&) {
    busy_->end(id);
    return nothing;
  }
  // Whoever is first: numbers, or the end of patience.
  process::after(patience).onReady([promise, nothing](const Nothing&) { promise->set(nothing); });
  return promise->future();
}

}  // namespace moorage::module
