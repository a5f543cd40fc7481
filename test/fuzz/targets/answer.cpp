/** The bytes of a driver's HTTP answer, over a socket. The first byte says how much is taken. */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

#include "effects/driver_call.hpp"
#include "effects/fd.hpp"
#include "targets.hpp"

namespace moorage::fuzz {
namespace {

constexpr std::uint64_t deadlineMs = 1000;
constexpr std::size_t answerMax = 60000;

std::string socketPath() {
  return std::filesystem::temp_directory_path() / ("moorage-fuzz-" + std::to_string(::getpid()) + ".sock");
}

/** A driver's socket, gone with the process. */
class Listener {
 public:
  Listener() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", socketPath().c_str());
    must(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "there is a socket");
    must(::listen(fd_.get(), 1) == 0, "somebody listens");
  }
  ~Listener() { ::unlink(socketPath().c_str()); }

  /** Whoever has called; all of the answer is there before the question is read. */
  Fd answer(const std::uint8_t* data, std::size_t size) const {
    Fd taken(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!taken) return taken;
    must(::send(taken.get(), data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size), "an answer fits into a socket");
    ::shutdown(taken.get(), SHUT_WR);
    return taken;
  }

 private:
  Fd fd_;
};

std::string asked(const Fd& taken) {
  std::string text(4096, '\0');
  const ssize_t got = ::recv(taken.get(), text.data(), text.size(), MSG_DONTWAIT);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

/** One transfer, as the transport makes it; what was asked. */
std::string perform(DriverCall& call, const std::uint8_t* data, std::size_t size) {
  static const Listener listener;
  static CURLM* const multi = curl_multi_init();
  CURL* easy = call.begin();
  curl_multi_add_handle(multi, easy);
  Fd taken;
  for (int running = 1; running > 0;) {
    curl_multi_perform(multi, &running);
    if (!taken) taken = listener.answer(data, size);
    if (running > 0) curl_multi_poll(multi, nullptr, 0, 1, nullptr);
  }
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(multi, &left);
  must(message != nullptr && message->msg == CURLMSG_DONE, "a transfer ends");
  const CURLcode result = message->data.result;
  curl_multi_remove_handle(multi, easy);
  call.finish(result);
  return asked(taken);
}

DriverRequest requestOf(std::uint64_t maxResponseBytes) {
  return {"ebs", 1, "unix://" + socketPath(), "/VolumeDriver.Mount", R"({"Name":"v1","ID":"c1"})", deadlineMs, maxResponseBytes};
}

void checkOutcome(const DriverOutcome& outcome, std::uint64_t maxResponseBytes, const std::string& asked) {
  must(asked.find("POST ", 1) == std::string::npos, "one send for each call");
  if (outcome.error) {
    must(outcome.error->kind() != FailureKind::unreachable || asked.empty(), "unreachable means: surely not sent");
  } else {
    must(!asked.empty(), "what was answered was asked");
    must(outcome.body.size() <= maxResponseBytes, "no more is taken than was allowed");
    // libcurl takes `HTTP/2 11` for 11, `HTTP/20?` for none and `HTTP/255555507` for 55555507; the host takes nothing but 200 for a yes.
    must(outcome.status >= 0, "a status is a number");
  }
}

}  // namespace

void tryAnswer(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > answerMax) return;
  const std::uint64_t maxResponseBytes = 64 + 16 * data[0];
  int answers = 0;
  DriverOutcome outcome;
  DriverCall call(requestOf(maxResponseBytes), [&](DriverOutcome given) {
    answers++;
    outcome = std::move(given);
  });
  const std::string question = perform(call, data + 1, size - 1);
  must(answers == 1, "a call ends once");
  checkOutcome(outcome, maxResponseBytes, question);
}

}  // namespace moorage::fuzz
