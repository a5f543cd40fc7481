#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "nesting.hpp"

/**
 * The frames that come back. Reading never throws, since it may happen in a callback of the C ABI: a reply that
 * cannot be read is
 * a failed reply, a notice that cannot be read is an alert, both with the code `bad-frame`.
 */
namespace moorage::frames {

namespace answer {
inline constexpr int reply = 6;
inline constexpr int limit = 7;
inline constexpr int alert = 9;
}  // namespace answer

/** A mount to make in the container: a bind, with everything below it. */
struct Mount {
  /** Absolute path on the agent's side. It has the right mode and flags already. */
  std::string source;
  /** Normalised container path: absolute, or relative to the sandbox. */
  std::string target;
  bool readonly = false;
};

struct Error {
  std::string code;
  std::string message;
  /** What to do about it; may be empty. */
  std::string hint;
};

struct Reply {
  double call = 0;
  bool ok = false;
  std::vector<Mount> mounts;
  /** Set when `ok` is false. */
  std::optional<Error> error;
};

/** The container lost a volume and must not go on. */
struct Limit {
  std::string id;
  std::string reason;
};

struct Alert {
  std::string level;
  std::string code;
  std::string message;
  std::optional<std::string> container;
  std::optional<std::string> volume;
};

using Notice = std::variant<Limit, Alert>;

/** Mounts as they stand in a frame: `[[source, target, readonly], ...]`. */
inline nlohmann::json mountsToJson(const std::vector<Mount>& mounts) {
  auto out = nlohmann::json::array();
  for (const auto& mount : mounts) out.push_back(nlohmann::json::array({mount.source, mount.target, mount.readonly}));
  return out;
}

/** Reads what {@link mountsToJson} writes. Throws a JSON exception. */
inline std::vector<Mount> mountsFromJson(const nlohmann::json& from) {
  std::vector<Mount> mounts;
  for (const auto& mount : from) {
    mounts.push_back({mount.at(0).get<std::string>(), mount.at(1).get<std::string>(), mount.at(2).get<bool>()});
  }
  return mounts;
}

namespace wire {

inline std::optional<std::string> textOrNone(const nlohmann::json& field) {
  return field.is_null() ? std::nullopt : std::optional(field.get<std::string>());
}

/** The elements of a frame of at least `count` elements, or a JSON exception. */
inline nlohmann::json openFrame(const std::uint8_t* frame, std::size_t size, std::size_t count) {
  auto fields = readFrame(frame, size);
  static_cast<void>(fields.at(count - 1));
  if (fields[0].get<double>() != 1) {
    throw std::runtime_error("schema " + fields[0].dump() + ", where 1 is known");
  }
  return fields;
}

inline Reply reply(const nlohmann::json& fields) {
  if (fields[1] != answer::reply) throw std::runtime_error("type " + fields[1].dump() + ", no reply");
  Reply out;
  out.call = fields[2].get<double>();
  out.ok = fields[3].get<bool>();
  if (!fields[4].is_null()) out.mounts = mountsFromJson(fields[4]);
  if (!out.ok) {
    const auto& error = fields[5];
    out.error = Error{error.at(0).get<std::string>(), error.at(1).get<std::string>(),
                      textOrNone(error.at(2)).value_or("")};
  }
  return out;
}

inline Notice notice(const nlohmann::json& fields) {
  // Compared as it is: what a number without end would be as an int is for nobody to say.
  const auto& type = fields[1];
  if (type == answer::limit) return Limit{fields[2].get<std::string>(), fields[3].get<std::string>()};
  if (type != answer::alert) throw std::runtime_error("type " + type.dump() + ", neither limit nor alert");
  return Alert{fields[2].get<std::string>(), fields[3].get<std::string>(), fields.at(4).get<std::string>(),
               textOrNone(fields.at(5)), textOrNone(fields.at(6))};
}

}  // namespace wire

/** Reads what moorage_reply_fn was given. */
inline Reply readReply(const std::uint8_t* frame, std::size_t size) noexcept {
  try {
    return wire::reply(wire::openFrame(frame, size, 6));
  } catch (const std::exception& problem) {
    Reply bad;
    bad.error = Error{"bad-frame", std::string("the host's reply cannot be read: ") + problem.what(),
                      "libmoorage.so and this program are of different versions; build both anew"};
    return bad;
  }
}

/** Reads what moorage_notice_fn was given. */
inline Notice readNotice(const std::uint8_t* frame, std::size_t size) noexcept {
  try {
    return wire::notice(wire::openFrame(frame, size, 4));
  } catch (const std::exception& problem) {
    return Alert{"error", "bad-frame", std::string("a notice of the host cannot be read: ") + problem.what(),
                 std::nullopt, std::nullopt};
  }
}

}  // namespace moorage::frames
