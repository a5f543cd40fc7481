#pragma once

#include <curl/curl.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "effects/driver_call.hpp"
#include "effects/driver_events.hpp"

namespace moorage {

/**
 * All calls to all drivers on one thread. Each lane has a queue and at most `maxInFlight` calls under way; lanes never wait
 * for one another, and a call that hangs frees its place at its deadline. Each call is an open file: of those that this process may have
 * (RLIMIT_NOFILE) a quarter goes to who comes first, and another one is shared out evenly, so that hung drivers leave some for the others.
 */
class DriverTransport {
 public:
  DriverTransport();

  /** Ends what is under way or queued (`closed`), then the thread. */
  ~DriverTransport();
  DriverTransport(const DriverTransport&) = delete;
  DriverTransport& operator=(const DriverTransport&) = delete;

  /** Ends what is under way or queued, and does not wait for that: nothing more is sent. Any thread. */
  void stop();

  /** Queues a call. `done` is called exactly once, on the transport's thread, and must not block. Any thread. */
  void post(DriverRequest request, DriverCall::Done done);

 private:
  struct Lane {
    std::deque<std::unique_ptr<DriverCall>> queue;
    size_t inFlight = 0;
    size_t maxInFlight = 1;
  };

  /** A call under way, and how long it waits when its driver has no place for its connection. */
  struct Running {
    std::unique_ptr<DriverCall> call;
    std::chrono::milliseconds pause;
  };

  /** A call whose driver had no place for its connection. */
  struct Waiting {
    std::unique_ptr<DriverCall> call;
    std::chrono::steady_clock::time_point at;
    std::chrono::milliseconds pause;
  };

  using Lanes = std::map<std::string, Lane>;

  void run();
  bool takeSubmitted();
  void startQueued(Lane& lane);
  bool mayStart(const Lane& lane) const;
  bool begin(std::unique_ptr<DriverCall> call, std::chrono::milliseconds pause);
  void wait(std::unique_ptr<DriverCall> call, std::chrono::milliseconds pause);
  bool tryWaiting();
  std::chrono::milliseconds untilNext() const;
  bool finishEnded();
  void freePlace(const std::string& lane);
  Lanes::iterator next(Lanes::iterator lane);
  void abandonAll();

  CURLM* multi_;
  DriverEvents events_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<DriverCall>> submitted_;
  bool closed_ = false;
  Lanes lanes_;
  bool heldBack_ = false;  // a lane has calls that wait for an open file
  std::unordered_map<CURL*, Running> running_;
  std::vector<Waiting> waiting_;
  const size_t firstCome_;
  std::thread thread_;
};

}  // namespace moorage
