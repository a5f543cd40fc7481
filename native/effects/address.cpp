#include "effects/address.hpp"

#include <sys/un.h>

#include <string_view>

#include "effects/error.hpp"

namespace moorage {
namespace {

EffectError badAddress(const std::string& text, const std::string& why) {
  return EffectError(FailureKind::failed, "bad-address",
                     "driver address \"" + text + "\": " + why + "; write unix:///path/to.sock, tcp://host:port or https://host:port");
}

bool startsWith(const std::string& text, std::string_view prefix) { return text.compare(0, prefix.size(), prefix) == 0; }

bool isHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
         c == ':' || c == '[' || c == ']';
}

Address parseSocketPath(const std::string& text, std::string path) {
  if (path.empty() || path.front() != '/') throw badAddress(text, "the path of the socket is not absolute");
  if (path.find('\0') != std::string::npos) throw badAddress(text, "the path has a NUL byte in it");
  if (path.size() >= sizeof(sockaddr_un::sun_path)) throw badAddress(text, "the path is longer than 107 bytes, the kernel's limit");
  return {std::move(path), "localhost", false};
}

Address parseHostAndPort(const std::string& text, std::string authority, bool tls) {
  if (!authority.empty() && authority.back() == '/') authority.pop_back();
  for (const char c : authority) {
    if (!isHostCharacter(c)) throw badAddress(text, "there is more in it than a host and a port");
  }
  const size_t colon = authority.rfind(':');
  if (colon == std::string::npos || colon == 0) throw badAddress(text, "host or port is missing");
  const std::string port = authority.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoi(port) < 1 || std::stoi(port) > 65535) throw badAddress(text, "the port is not a number from 1 to 65535");
  return {"", std::move(authority), tls};
}

}  // namespace

Address parseAddress(const std::string& text) {
  if (startsWith(text, "unix://")) return parseSocketPath(text, text.substr(7));
  if (startsWith(text, "tcp://")) return parseHostAndPort(text, text.substr(6), false);
  if (startsWith(text, "https://")) return parseHostAndPort(text, text.substr(8), true);
  throw badAddress(text, "the scheme is not known");
}

}  // namespace moorage
