#include "embed/down_frame.hpp"

#include <cstring>
#include <string_view>

#include "moorage.h"

namespace moorage {
namespace {

// MessagePack's marks, https://github.com/msgpack/msgpack/blob/master/spec.md
constexpr uint8_t fixarray = 0x90;
constexpr uint8_t nil = 0xc0;
constexpr uint8_t no = 0xc2;
constexpr uint8_t float64 = 0xcb;
constexpr uint8_t str16 = 0xda;

constexpr uint8_t schema = 1;
constexpr uint8_t recoverType = 2;
constexpr uint8_t replyType = 6;
constexpr size_t typeOffset = 2;
constexpr size_t callOffset = 12;
constexpr size_t messageMax = 2000;

void putString(std::vector<uint8_t>& frame, std::string_view text) {
  frame.push_back(str16);
  frame.push_back(static_cast<uint8_t>(text.size() >> 8));
  frame.push_back(static_cast<uint8_t>(text.size()));
  frame.insert(frame.end(), text.begin(), text.end());
}

void putNumber(std::vector<uint8_t>& frame, double number) {
  uint64_t bits = 0;
  memcpy(&bits, &number, sizeof bits);
  frame.push_back(float64);
  for (int shift = 56; shift >= 0; shift -= 8) frame.push_back(static_cast<uint8_t>(bits >> shift));
}

/** Cut to `messageMax` bytes, at the begin of a character. */
std::string_view cut(std::string_view text) {
  if (text.size() <= messageMax) return text;
  size_t end = messageMax;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) end--;
  return text.substr(0, end);
}

}  // namespace

double callOfFrame(const uint8_t* frame, size_t size) {
  if (size < callOffset + 9 || frame[callOffset] != float64) return 0;
  uint64_t bits = 0;
  for (size_t i = 1; i <= 8; i++) bits = bits << 8 | frame[callOffset + i];
  double number = 0;
  memcpy(&number, &bits, sizeof number);
  return number;
}

size_t frameMax(const uint8_t* frame, size_t size) {
  return size > typeOffset && frame[typeOffset] == recoverType ? MOORAGE_RECOVER_MAX : MOORAGE_FRAME_MAX;
}

std::vector<uint8_t> hostDownFrame(double call, const std::string& message) {
  std::vector<uint8_t> frame{fixarray | 6, schema, replyType};
  putNumber(frame, call);
  frame.push_back(no);
  frame.push_back(nil);
  frame.push_back(fixarray | 3);
  putString(frame, "host-down");
  putString(frame, cut(message));
  putString(frame, "open the isolator again; its journal knows what was mounted");
  return frame;
}

}  // namespace moorage
