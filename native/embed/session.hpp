#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "embed/life.hpp"
#include "embed/open_calls.hpp"
#include "moorage.h"

namespace moorage {

/** The options of moorage_open with the defaults filled in; the strings are our own. */
struct SessionOptions {
  std::string config;
  std::string stateDir;
  std::string hostBundle;
  /** Its text as it was at the start: a host that is started again is the same one, whatever an upgrade has put in its place. */
  std::string hostSource;
  std::string policy;
  uint32_t startMs = 30000;
  uint32_t callMs = 60000;
  uint32_t stuckMs = 10000;
  moorage_notice_fn notice = nullptr;
  moorage_log_fn log = nullptr;
  void* context = nullptr;
};

/**
 * What the C ABI, the supervisor and the lives of the host share about one open isolator.
 *
 * Two locks: `mutex_` guards the fields, those of the lives too, and is never held while foreign code runs; `callbacks_` is held during
 * every callback into the embedding program, so that none comes after moorage_close. It is recursive: a callback may call us.
 */
class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(SessionOptions options) : options_(std::move(options)) {}

  const SessionOptions& options() const { return options_; }

  // For the embedding program.

  /** False when the call was not taken. */
  bool call(const uint8_t* frame, size_t size, moorage_reply_fn reply, void* context);
  /** Waits for the end of the start; empty when the host is ready, else why not, and then the supervisor is through. */
  std::string waitStarted();
  /** Takes no more calls; the supervisor gives the host so long to finish, and ends it. */
  void beginClose(uint32_t timeoutMs);
  /** Answers what is open without a host; a cleanup with ok. Nobody hears of it any more. */
  void answerAll(const std::string& why);
  /** No callback comes any more. */
  void silence();

  // For the supervisor and the lives.

  void notice(const uint8_t* frame, size_t size);
  void log(const std::string& level, const std::string& text);

 private:
  friend class Life;
  friend class Supervisor;

  /** A host is ready: everything that is open is put before it. With the lock. */
  void handOver(Life& life);
  void answer(const Life& life, uint64_t token, const uint8_t* frame, size_t size);
  /** Answers what no host has taken in time. */
  void answerOverdue(const std::string& lastDeath);
  /** A host that can take calls. With the lock. */
  bool isReachable() const;
  /** Something happened that the supervisor has to look at. With the lock. */
  void tell();

  const SessionOptions options_;
  std::recursive_mutex callbacks_;
  bool silenced_ = false;  // guarded by callbacks_

  std::mutex mutex_;
  std::condition_variable changed_;
  OpenCalls calls_;
  std::shared_ptr<Life> life_;
  std::string startError_;
  uint32_t closeMs_ = 0;
  uint64_t news_ = 0;
  bool opened_ = false;
  bool closing_ = false;
  bool finished_ = false;  // the supervisor's last word
};

}  // namespace moorage
