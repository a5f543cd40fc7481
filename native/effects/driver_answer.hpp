#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moorage {

/** What has come of an answer: its body, up to a limit that headers count towards as well. */
class DriverAnswer {
 public:
  explicit DriverAnswer(uint64_t maxBytes) : maxBytes_(maxBytes) {}

  /** One whole header line, the empty one at the end too. False when that is too much. */
  bool takeHeader(std::string_view line);

  /** A piece of the body. False when that is too much. */
  bool takeBody(std::string_view piece);

  bool isTooLarge() const { return received_ > maxBytes_; }

  /**
   * Nothing is missing, as far as can be told. libcurl takes an answer that breaks off among its headers for one with an empty body,
   * and where neither length nor chunks were told the end of the connection is the end of the answer: then an empty one says nothing,
   * where a 200 without a body would be a yes.
   */
  bool isWhole(long status) const { return headersEnded_ && (lengthTold_ || !body_.empty() || status != 200); }

  std::string takeAway() { return std::move(body_); }

 private:
  uint64_t maxBytes_;
  uint64_t received_ = 0;
  bool headersEnded_ = false;
  bool lengthTold_ = false;
  std::string body_;
};

}  // namespace moorage
