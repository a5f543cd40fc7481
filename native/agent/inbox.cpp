#include "agent/inbox.hpp"

#include <sys/eventfd.h>

#include "agent/error.hpp"

namespace moorage::agent {

Inbox::Inbox() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) throw systemError("eventfd");
}

void Inbox::push(Message message) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    messages_.push_back(std::move(message));
  }
  // Fails only when the counter is full, and then the main loop is awake anyway.
  static_cast<void>(::eventfd_write(event_.get(), 1));
}

std::deque<Message> Inbox::takeAll() {
  eventfd_t count = 0;
  static_cast<void>(::eventfd_read(event_.get(), &count));
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(messages_, {});
}

}  // namespace moorage::agent
