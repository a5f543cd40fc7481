#pragma once

#include <string>
#include <vector>

namespace moorage::agent {

/**
 * Lines from a descriptor that is read only when it is readable, so that its flags (which others share) stay as they
 * are.
 */
class LineReader {
 public:
  explicit LineReader(int file) : file_(file) {}

  /** What one read gives: the lines that are whole by now, without their ends. Throws when a line is longer than 1 MiB. */
  std::vector<std::string> read();
  /** The stream has ended, or broken. */
  bool ended() const { return ended_; }
  int fd() const { return file_; }

 private:
  std::vector<std::string> takeLines();

  int file_;
  std::string rest_;
  bool ended_ = false;
};

}  // namespace moorage::agent
