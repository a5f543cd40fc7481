#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "moorage.h"

namespace moorage {

using Clock = std::chrono::steady_clock;
using Frame = std::shared_ptr<const std::vector<uint8_t>>;

/** A call between moorage_call and the end of what it is for. */
struct OpenCall {
  Frame frame;
  moorage_reply_fn reply;
  void* context;
  Clock::time_point until;  // with no host so long, it is answered without one
  bool answered = false;    // nobody waits any more, but a host must hear of it still
};

/**
 * The calls that a host has not brought to their end, in the order in which they came: what a new host is given when the one before died.
 * No lock of its own.
 */
class OpenCalls {
 public:
  uint64_t add(OpenCall call);
  /** The call was not taken after all. */
  void drop(uint64_t token) { calls_.erase(token); }
  /**
   * A host has answered. Gives the call when somebody waits for that. A `recover` is kept until {@link recovered}: the host may have answered
   * it without having been able to follow it.
   */
  std::vector<OpenCall> answered(uint64_t token);
  /** A host knows what the containers are, and its journal does: no other needs to hear it. */
  void recovered();
  bool isRecovered() const { return recovered_; }
  /** What has waited beyond its limit. A cleanup among it stays for the next host, the rest is forgotten. */
  std::vector<OpenCall> overdue(Clock::time_point now);
  /** When the next is overdue, if no host takes them; `max()` when none will be. All have the same patience. */
  Clock::time_point nextOverdue() const;
  /** Everything that somebody waits for; nothing is kept. */
  std::vector<OpenCall> takeAll();

  const std::map<uint64_t, OpenCall>& all() const { return calls_; }
  /** For how many somebody waits. */
  size_t waiting() const;

 private:
  std::map<uint64_t, OpenCall> calls_;
  uint64_t last_ = 0;
  bool recovered_ = false;
};

}  // namespace moorage
