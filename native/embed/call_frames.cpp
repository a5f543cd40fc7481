#include "embed/call_frames.hpp"

#include <cstring>
#include <string_view>

#include "moorage.h"

namespace moorage {
namespace {

// MessagePack's marks, https://github.com/msgpack/msgpack/blob/master/spec.md
constexpr uint8_t fixarray = 0x90;
constexpr uint8_t nil = 0xc0;
constexpr uint8_t no = 0xc2;
constexpr uint8_t yes = 0xc3;
constexpr uint8_t float64 = 0xcb;
constexpr uint8_t str16 = 0xda;

constexpr uint8_t schema = 1;
constexpr uint8_t replyType = 6;
constexpr uint8_t alertType = 9;
constexpr std::string_view hostDown = "host-down";
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

/** A reply without mounts, up to its error. */
std::vector<uint8_t> beginReply(double call, uint8_t ok) {
  std::vector<uint8_t> frame{fixarray | 6, schema, replyType};
  putNumber(frame, call);
  frame.push_back(ok);
  frame.push_back(nil);
  return frame;
}

}  // namespace

FrameType typeOfFrame(const std::vector<uint8_t>& frame) {
  if (frame.size() <= typeOffset) return FrameType::other;
  const FrameType type{frame[typeOffset]};
  return type == FrameType::recover || type == FrameType::cleanup ? type : FrameType::other;
}

double callOfFrame(const std::vector<uint8_t>& frame) {
  if (frame.size() < callOffset + 9 || frame[callOffset] != float64) return 0;
  uint64_t bits = 0;
  for (size_t i = 1; i <= 8; i++) bits = bits << 8 | frame[callOffset + i];
  double number = 0;
  memcpy(&number, &bits, sizeof number);
  return number;
}

size_t frameMax(const uint8_t* frame, size_t size) {
  const bool isRecover = size > typeOffset && FrameType{frame[typeOffset]} == FrameType::recover;
  return isRecover ? MOORAGE_RECOVER_MAX : MOORAGE_FRAME_MAX;
}

std::vector<uint8_t> hostDownFrame(double call, const std::string& message, const std::string& hint) {
  std::vector<uint8_t> frame = beginReply(call, no);
  frame.push_back(fixarray | 3);
  putString(frame, hostDown);
  putString(frame, cut(message));
  putString(frame, cut(hint));
  return frame;
}

std::vector<uint8_t> okFrame(double call) {
  std::vector<uint8_t> frame = beginReply(call, yes);
  frame.push_back(nil);
  return frame;
}

std::vector<uint8_t> hostDownAlert(const std::string& message) {
  std::vector<uint8_t> frame{fixarray | 7, schema, alertType};
  putString(frame, "error");
  putString(frame, hostDown);
  putString(frame, cut(message));
  frame.push_back(nil);
  frame.push_back(nil);
  return frame;
}

}  // namespace moorage
