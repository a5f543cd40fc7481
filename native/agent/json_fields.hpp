#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "frames/fields.hpp"

/** Typed reading of JSON that a person wrote: every failure is a UsageError that says which field. */
namespace moorage::agent {

/** Names an element of the document in messages, e.g. `container.volumes[0]`. */
std::string fieldPath(const std::string& parent, const std::string& key);

/** `key` of `object`; none when it is absent or null. */
const nlohmann::json* optionalField(const nlohmann::json& object, const std::string& key);

/** The value must be an object. */
const nlohmann::json& requireObject(const nlohmann::json& value, const std::string& path);

/** A string without NUL bytes, since those end a C string. */
std::string requireText(const nlohmann::json& value, const std::string& path);

/** A string that is there and not empty. `parent` is the path of `object`, "" at the top. */
std::string requireTextField(const nlohmann::json& object, const std::string& key, const std::string& parent);

std::optional<std::string> optionalTextField(const nlohmann::json& object, const std::string& key,
                                             const std::string& parent);

/** An object of strings; nothing when it is absent. */
frames::Pairs optionalPairs(const nlohmann::json& object, const std::string& key, const std::string& parent);

/**
 * A whole number that fits its type. Throws std::range_error: what the library makes of a fraction, or of a number that is too large,
 * is undefined.
 */
template <typename Number>
Number wholeNumber(const nlohmann::json& value) {
  const bool fits = value.is_number_unsigned()  ? std::in_range<Number>(value.get<std::uint64_t>())
                    : value.is_number_integer() ? std::in_range<Number>(value.get<std::int64_t>())
                                                : false;
  if (!fits) throw std::range_error(std::string("a number should stand where there is ") + value.type_name());
  return value.get<Number>();
}

}  // namespace moorage::agent
