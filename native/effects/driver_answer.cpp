#include "effects/driver_answer.hpp"

#include <strings.h>

namespace moorage {
namespace {

bool isNamed(std::string_view line, std::string_view name) {
  return line.size() > name.size() && ::strncasecmp(line.data(), name.data(), name.size()) == 0;
}

}  // namespace

bool DriverAnswer::takeHeader(std::string_view line) {
  received_ += line.size();
  // What went before was an interim answer (100 Continue), or these are trailers.
  if (line.substr(0, 5) == "HTTP/") headersEnded_ = lengthTold_ = false;
  if (isNamed(line, "content-length:") || isNamed(line, "transfer-encoding:")) lengthTold_ = true;
  if (line == "\r\n" || line == "\n") headersEnded_ = true;
  return !isTooLarge();
}

bool DriverAnswer::takeBody(std::string_view piece) {
  received_ += piece.size();
  if (isTooLarge()) return false;
  body_.append(piece);
  return true;
}

}  // namespace moorage
