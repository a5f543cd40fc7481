#pragma once

#include <curl/curl.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "effects/driver_call.hpp"

namespace moorage {

/**
 * All calls to all drivers on one thread. Each lane has a queue and at most `maxInFlight` calls under way; lanes never wait
 * for one another, and a call that hangs frees its place at its deadline.
 */
class DriverTransport {
 public:
  DriverTransport();

  /** Ends what is under way or queued (`closed`), then the thread. */
  ~DriverTransport();
  DriverTransport(const DriverTransport&) = delete;
  DriverTransport& operator=(const DriverTransport&) = delete;

  /** Queues a call. `done` is called exactly once, on the transport's thread, and must not block. Any thread. */
  void post(DriverRequest request, DriverCall::Done done);

 private:
  struct Lane {
    std::deque<std::unique_ptr<DriverCall>> queue;
    size_t inFlight = 0;
    size_t maxInFlight = 1;
  };

  void run();
  bool takeSubmitted();
  void startQueued(Lane& lane);
  void startCall(Lane& lane, std::unique_ptr<DriverCall> call);
  bool finishEnded();
  void abandonAll();

  CURLM* multi_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<DriverCall>> submitted_;
  bool closed_ = false;
  std::map<std::string, Lane> lanes_;
  std::unordered_map<CURL*, std::unique_ptr<DriverCall>> running_;
  std::thread thread_;
};

}  // namespace moorage
