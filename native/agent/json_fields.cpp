#include "agent/json_fields.hpp"

#include "agent/error.hpp"

namespace moorage::agent {

using nlohmann::json;

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& wanted, const json& value) {
  throw UsageError((path.empty() ? "the app" : path) + " must be " + wanted + ", not " + value.type_name());
}

}  // namespace

std::string fieldPath(const std::string& parent, const std::string& key) {
  return parent.empty() ? key : parent + "." + key;
}

const json* optionalField(const json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const json& requireObject(const json& value, const std::string& path) {
  if (!value.is_object()) refuse(path, "an object", value);
  return value;
}

std::string requireText(const json& value, const std::string& path) {
  if (!value.is_string()) refuse(path, "a string", value);
  auto text = value.get<std::string>();
  if (text.find('\0') != std::string::npos) throw UsageError(path + " has a NUL byte in it");
  return text;
}

std::optional<std::string> optionalTextField(const json& object, const std::string& key, const std::string& parent) {
  const json* value = optionalField(object, key);
  if (value == nullptr) return std::nullopt;
  auto text = requireText(*value, fieldPath(parent, key));
  if (text.empty()) throw UsageError(fieldPath(parent, key) + " is empty");
  return text;
}

std::string requireTextField(const json& object, const std::string& key, const std::string& parent) {
  auto text = optionalTextField(object, key, parent);
  if (!text) throw UsageError(fieldPath(parent, key) + " is missing");
  return *text;
}

frames::Pairs optionalPairs(const json& object, const std::string& key, const std::string& parent) {
  frames::Pairs pairs;
  const json* value = optionalField(object, key);
  if (value == nullptr) return pairs;
  const auto path = fieldPath(parent, key);
  for (const auto& [name, text] : requireObject(*value, path).items()) {
    pairs.emplace_back(name, requireText(text, fieldPath(path, name)));
  }
  return pairs;
}

}  // namespace moorage::agent
