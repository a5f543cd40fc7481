#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <variant>

#include "effects/fd.hpp"
#include "frames/answers.hpp"
#include "frames/codec.hpp"

namespace moorage::agent {

/** The answer to the call with this ticket. */
struct ReplyMessage {
  std::uint64_t ticket = 0;
  frames::Bytes frame;
};

struct NoticeMessage {
  frames::Bytes frame;
};

struct LogMessage {
  std::string level;
  std::string text;
};

using Message = std::variant<ReplyMessage, NoticeMessage, LogMessage>;

/** What the host thread hands to the main loop: the one place where the two threads meet. */
class Inbox {
 public:
  Inbox();

  /** From any thread; never waits for the main loop. */
  void push(Message message);
  /** Everything that came since the last time; for the main loop. */
  std::deque<Message> takeAll();
  /** Readable while there is something to take. */
  int fd() const { return event_.get(); }

 private:
  Fd event_;
  std::mutex mutex_;
  std::deque<Message> messages_;
};

}  // namespace moorage::agent
