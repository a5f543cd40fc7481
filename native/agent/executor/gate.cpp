#include "agent/executor/gate.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "agent/error.hpp"

namespace moorage::agent::executor {

using nlohmann::json;

namespace {
constexpr std::size_t messageBytesMax = 16384;
}

GatePair makeGate() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw systemError("socketpair");
  return {Fd(ends[0]), Fd(ends[1])};
}

void tell(const Fd& gate, const json& message) {
  auto text = message.dump(-1, ' ', false, json::error_handler_t::replace);
  static_cast<void>(::send(gate.get(), text.data(), std::min(text.size(), messageBytesMax), MSG_NOSIGNAL | MSG_DONTWAIT));
}

Heard hear(const Fd& gate, json& message) {
  char buffer[messageBytesMax];
  const ssize_t size = ::recv(gate.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return Heard::nothing;
  if (size <= 0) return Heard::closed;
  message = json::parse(buffer, buffer + size, nullptr, false);
  return message.is_object() ? Heard::message : Heard::nothing;
}

bool waitForGo(const Fd& gate) {
  json message;
  for (;;) {
    pollfd readable{gate.get(), POLLIN, 0};
    if (::poll(&readable, 1, -1) < 0 && errno != EINTR) throw systemError("poll");
    const Heard heard = hear(gate, message);
    if (heard == Heard::message) return message.value("go", false);
    if (heard == Heard::closed) return false;
  }
}

}  // namespace moorage::agent::executor
