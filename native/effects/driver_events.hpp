#pragma once

#include <curl/curl.h>

#include <chrono>
#include <optional>

#include "effects/fd.hpp"

namespace moorage {

/**
 * What the transfers of a multi handle wait for, by epoll(7): a thread that wakes up looks only at those that something has happened to. With
 * curl_multi_poll and curl_multi_perform each call of a healthy driver would cost a look at every one that hangs.
 */
class DriverEvents {
 public:
  /** Throws std::bad_alloc when the process has no descriptors left. */
  explicit DriverEvents(CURLM* multi);
  DriverEvents(const DriverEvents&) = delete;
  DriverEvents& operator=(const DriverEvents&) = delete;

  /** Ends a `wait`, the present one or the next. Any thread. */
  void wake();

  /** Waits for something to happen, at most so long, and lets libcurl go on with it. */
  void wait(std::chrono::milliseconds atMost);

 private:
  static int onSocket(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int onTimer(CURLM*, long ms, void* self);
  void act(curl_socket_t socket, int happened);
  void actOnTime();
  int waitMs(std::chrono::milliseconds atMost) const;

  CURLM* multi_;
  Fd epoll_;
  Fd wake_;
  std::optional<std::chrono::steady_clock::time_point> timer_;
};

}  // namespace moorage
