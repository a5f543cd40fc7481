#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "agent/inbox.hpp"
#include "client/library.hpp"
#include "frames/answers.hpp"
#include "frames/codec.hpp"

namespace moorage::agent {

using ReplyHandler = std::function<void(const frames::Reply&)>;

/** What the isolator tells of its own accord; called by {@link Isolator::deliver}. */
struct NoticeHandlers {
  std::function<void(const frames::Limit&)> limit;
  std::function<void(const frames::Alert&)> alert;
};

/** What moorage_open is given; empty paths and 0 stand for its defaults. */
struct IsolatorOptions {
  std::string config;
  std::string stateDir;
  std::string hostBundle;
  unsigned callMs = 0;
  unsigned stuckMs = 0;
};

/** An open isolator, used from one thread: answers are kept until that thread asks for them. */
class Isolator {
 public:
  /** Opens the isolator; waits until its host is ready. Throws with the library's own sentence. */
  Isolator(const std::string& library, const IsolatorOptions& given, NoticeHandlers handlers);
  /** Closes it without waiting for effects, when it is still open. */
  ~Isolator();
  Isolator(const Isolator&) = delete;
  Isolator& operator=(const Isolator&) = delete;

  /**
   * Sends an event. `handler` is called exactly once, by a later {@link deliver}; also when the isolator does not
   * take the frame.
   */
  void call(const frames::Bytes& frame, ReplyHandler handler);
  /** Readable when there is something to deliver. */
  int fd() const { return inbox_.fd(); }
  /** Hands out what came. Handlers may call again. */
  void deliver();
  /** Waits for effects in flight, at most `timeoutMs`, delivers what is left, and is closed. */
  void close(unsigned timeoutMs);

 private:
  void deliverReply(const ReplyMessage& message);
  void deliverNotice(const NoticeMessage& message);

  Inbox inbox_;
  NoticeHandlers handlers_;
  client::Library library_;
  moorage_isolator* handle_ = nullptr;
  std::uint64_t lastTicket_ = 0;
  std::unordered_map<std::uint64_t, ReplyHandler> waiting_;
};

}  // namespace moorage::agent
