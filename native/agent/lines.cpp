#include "agent/lines.hpp"

#include <unistd.h>

#include <cerrno>
#include <stdexcept>

namespace moorage::agent {

namespace {
constexpr std::size_t lineBytesMax = std::size_t{1024} * 1024;
}

std::vector<std::string> LineReader::read() {
  char chunk[65536];
  const ssize_t count = ::read(file_, chunk, sizeof chunk);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  ended_ = count <= 0;
  if (count > 0) rest_.append(chunk, static_cast<std::size_t>(count));
  // A last line may come without its end.
  if (ended_ && !rest_.empty()) rest_.push_back('\n');
  auto lines = takeLines();
  if (rest_.size() > lineBytesMax) {
    ended_ = true;
    throw std::runtime_error("stdin: a line is longer than 1 MiB; no further commands are read");
  }
  return lines;
}

std::vector<std::string> LineReader::takeLines() {
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', start)) {
    if (end > start) lines.push_back(rest_.substr(start, end - start));
    start = end + 1;
  }
  rest_.erase(0, start);
  return lines;
}

}  // namespace moorage::agent
