#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include <nlohmann/json.hpp>

namespace moorage::frames {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::uint8_t schemaVersion = 1;

/** Elements of an event before its own fields: schema, type, at, call. */
inline constexpr std::size_t headElements = 4;

namespace wire {

inline constexpr std::uint8_t fixArray = 0x90;
inline constexpr std::uint8_t float64 = 0xcb;

/** MessagePack float64 (always nine bytes, unlike what to_msgpack makes of a number that fits in less). */
inline void appendFloat64(Bytes& out, double value) {
  std::uint64_t bits = 0;
  static_assert(sizeof bits == sizeof value);
  std::memcpy(&bits, &value, sizeof bits);
  out.push_back(float64);
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(bits >> shift));
}

/** MessagePack array header for `count` elements. */
inline void appendArrayHeader(Bytes& out, std::size_t count) {
  if (count <= 15) {
    out.push_back(static_cast<std::uint8_t>(fixArray | count));
    return;
  }
  const bool wide = count > 0xffff;
  out.push_back(wide ? 0xdd : 0xdc);
  for (int shift = wide ? 24 : 8; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(count >> shift));
}

/** One field. Fractions become float64: a reader of frames knows integers and float64, no float32. */
inline void appendField(Bytes& out, const nlohmann::json& field) {
  if (field.is_array()) {
    appendArrayHeader(out, field.size());
    for (const auto& element : field) appendField(out, element);
  } else if (field.is_number_float()) {
    appendFloat64(out, field.get<double>());
  } else {
    nlohmann::json::to_msgpack(field, out);
  }
}

}  // namespace wire

/**
 * An event frame. `at` and `call` are written as 0.0 in float64, at the fixed offsets where the host puts its own values:
 *
 *     offset  0        1       2     3     4 .. 11   12    13 .. 20   21 ..
 *             0x90|n   schema  type  0xcb  at (BE)   0xcb  call (BE)  fields
 */
inline Bytes eventFrame(std::uint8_t type, const nlohmann::json& fields) {
  Bytes out;
  wire::appendArrayHeader(out, headElements + fields.size());
  out.push_back(schemaVersion);
  out.push_back(type);
  wire::appendFloat64(out, 0.0);
  wire::appendFloat64(out, 0.0);
  for (const auto& field : fields) wire::appendField(out, field);
  return out;
}

}  // namespace moorage::frames
