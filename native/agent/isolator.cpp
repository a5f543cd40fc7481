#include "agent/isolator.hpp"

#include <memory>

#include "agent/report.hpp"
#include "client/refusal.hpp"

namespace moorage::agent {

namespace {

constexpr const char* whereElse = "run the set-up again (npm run build), or name another library with --library";

/** What one call gives the library as context; the callback owns it. */
struct Ticket {
  Inbox* inbox;
  std::uint64_t number;
};

// The three callbacks run on the host thread: they copy and go.

void onReply(void* context, const std::uint8_t* frame, std::size_t size) {
  const std::unique_ptr<Ticket> ticket(static_cast<Ticket*>(context));
  ticket->inbox->push(ReplyMessage{ticket->number, frames::Bytes(frame, frame + size)});
}

void onNotice(void* context, const std::uint8_t* frame, std::size_t size) {
  static_cast<Inbox*>(context)->push(NoticeMessage{frames::Bytes(frame, frame + size)});
}

void onLog(void* context, const char* level, const char* text) {
  static_cast<Inbox*>(context)->push(LogMessage{level, text});
}

}  // namespace

Isolator::Isolator(const std::string& library, const IsolatorOptions& given, NoticeHandlers handlers)
    : handlers_(std::move(handlers)), library_(client::loadLibrary(library, whereElse)) {
  moorage_options options{};
  options.size = sizeof options;
  options.config = given.config.c_str();
  options.stateDir = given.stateDir.c_str();
  options.hostBundle = given.hostBundle.empty() ? nullptr : given.hostBundle.c_str();
  options.callMs = given.callMs;
  options.stuckMs = given.stuckMs;
  options.notice = onNotice;
  options.log = onLog;
  options.context = &inbox_;
  char error[1024] = "";
  handle_ = library_.open(&options, error, sizeof error);
  if (handle_ == nullptr) {
    deliver();
    throw std::runtime_error(std::string("the isolator did not start: ") + error);
  }
}

Isolator::~Isolator() {
  if (handle_ != nullptr) library_.close(handle_, 0);
}

void Isolator::call(const frames::Bytes& frame, ReplyHandler handler) {
  const std::uint64_t number = ++lastTicket_;
  waiting_.emplace(number, std::move(handler));
  auto ticket = std::make_unique<Ticket>(Ticket{&inbox_, number});
  const bool taken =
      handle_ != nullptr && library_.call(handle_, frame.data(), frame.size(), onReply, ticket.get()) == 0;
  if (taken) {
    static_cast<void>(ticket.release());
    return;
  }
  // Answered by way of the inbox as well, so that a handler never runs inside the function that made the call.
  const frames::Reply refusal = client::notTaken(frame);
  waiting_[number] = [handler = std::move(waiting_[number]), refusal](const frames::Reply&) { handler(refusal); };
  inbox_.push(ReplyMessage{number, {}});
}

void Isolator::deliver() {
  for (const auto& message : inbox_.takeAll()) {
    if (const auto* reply = std::get_if<ReplyMessage>(&message)) deliverReply(*reply);
    if (const auto* notice = std::get_if<NoticeMessage>(&message)) deliverNotice(*notice);
    if (const auto* line = std::get_if<LogMessage>(&message)) say("isolator: " + line->level + ": " + line->text);
  }
}

void Isolator::deliverReply(const ReplyMessage& message) {
  const auto found = waiting_.find(message.ticket);
  if (found == waiting_.end()) return;
  const ReplyHandler handler = std::move(found->second);
  waiting_.erase(found);
  handler(frames::readReply(message.frame.data(), message.frame.size()));
}

void Isolator::deliverNotice(const NoticeMessage& message) {
  const auto notice = frames::readNotice(message.frame.data(), message.frame.size());
  if (const auto* limit = std::get_if<frames::Limit>(&notice)) handlers_.limit(*limit);
  if (const auto* alert = std::get_if<frames::Alert>(&notice)) handlers_.alert(*alert);
}

void Isolator::close(unsigned timeoutMs) {
  if (handle_ != nullptr) library_.close(std::exchange(handle_, nullptr), timeoutMs);
  deliver();
}

}  // namespace moorage::agent
