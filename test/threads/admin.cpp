#include "admin.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstdio>

#include "effects/fd.hpp"

namespace moorage::threads {
namespace {

constexpr time_t patienceSeconds = 10;

Fd connectTo(const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
  const timeval patience{patienceSeconds, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

}  // namespace

bool swapPolicy(const std::string& socketPath, const std::string& file) {
  const Fd fd = connectTo(socketPath);
  if (!fd) return false;
  const std::string body = R"({"file":")" + file + R"("})";
  const std::string text = "POST /policy HTTP/1.1\r\nHost: moorage\r\nConnection: close\r\nContent-Length: " +
                           std::to_string(body.size()) + "\r\n\r\n" + body;
  if (::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) return false;
  char answer[256];
  const ssize_t got = ::recv(fd.get(), answer, sizeof answer, MSG_WAITALL);
  return got > 0 && std::string(answer, static_cast<size_t>(got)).rfind("HTTP/1.1 200 ", 0) == 0;
}

}  // namespace moorage::threads
