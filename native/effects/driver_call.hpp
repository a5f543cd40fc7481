#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "effects/address.hpp"
#include "effects/driver_answer.hpp"
#include "effects/driver_tls.hpp"
#include "effects/error.hpp"

namespace moorage {

/** One POST to a driver. */
struct DriverRequest {
  std::string lane;          // calls of one lane share `maxInFlight`
  uint64_t maxInFlight = 1;
  std::string address;       // see parseAddress
  std::string path;          // `/VolumeDriver.Mount`
  std::string body;          // JSON text
  uint64_t deadlineMs = 0;   // from the begin of the call, not from its queueing
  uint64_t maxResponseBytes = 0;
  DriverTls tls;             // heeded at https:// only
};

/** How a call ended: an answer, whatever its status, or an error. */
struct DriverOutcome {
  long status = 0;
  std::string body;
  std::optional<EffectError> error;
};

/**
 * One transfer of libcurl: a fresh connection that is closed afterwards, one send, never repeated. Lives on the transport's
 * thread.
 */
class DriverCall {
 public:
  using Done = std::function<void(DriverOutcome)>;

  DriverCall(DriverRequest request, Done done);
  DriverCall(const DriverCall&) = delete;
  DriverCall& operator=(const DriverCall&) = delete;

  const DriverRequest& request() const { return request_; }

  /**
   * Prepares the transfer, again when it is to be tried again. The deadline counts from the first time. Throws EffectError
   * (`bad-address`, …) when it cannot even be begun.
   */
  CURL* begin();
  CURL* handle() const { return easy_.get(); }

  /**
   * Whether a transfer that ended so was never connected, since the driver's queue of connections was full, and has time left to be tried
   * again. On a unix socket the kernel answers EAGAIN to that (connect(2)), which libcurl takes for a connection that is coming about.
   */
  bool isToTryAgain(CURLcode result) const;

  /** Reports the end of the transfer. */
  void finish(CURLcode result);

  /** Reports `error` instead of an answer. */
  void fail(EffectError error);

  /** Ends a call that shall not go on: surely not sent when it had not come so far, outcome unknown else. */
  void abandon();

 private:
  struct EasyCleanup {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct ListCleanup {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  static size_t onBody(char* data, size_t size, size_t count, void* self);
  static size_t onHeader(char* data, size_t size, size_t count, void* self);
  static int onConnected(void* self, char*, char*, int, int);
  static curl_socket_t giveSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  void readRequest();
  bool isUnconnected() const;
  bool wasFull(CURLcode result) const;
  void setUp(CURL* easy);
  long leftMs() const;
  std::string describe() const;
  EffectError noConnection(int error) const;
  EffectError unknownOutcome(const char* code, const std::string& what) const;
  EffectError explain(CURLcode result) const;
  EffectError explainUnsent(CURLcode result) const;

  DriverRequest request_;
  Done done_;
  std::unique_ptr<curl_slist, ListCleanup> headers_;
  std::unique_ptr<CURL, EasyCleanup> easy_;
  char reason_[CURL_ERROR_SIZE] = "";
  std::optional<Address> address_;  // once begun
  std::chrono::steady_clock::time_point deadline_;
  int socket_ = -1;  // libcurl's
  bool full_ = false;
  DriverAnswer answer_;
  bool sent_ = false;
};

}  // namespace moorage
