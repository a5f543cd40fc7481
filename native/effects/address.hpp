#pragma once

#include <string>

namespace moorage {

/** Where a driver listens: a socket file, or a host and port. */
struct Address {
  std::string socketPath;  // empty for TCP
  std::string authority;   // what stands in the URL: `localhost` or `host:port`
  bool tls = false;
};

/** Reads `unix:///path/to.sock`, `tcp://host:port` or `https://host:port`; anything else fails with `bad-address`. */
Address parseAddress(const std::string& text);

}  // namespace moorage
