#include "addon/arguments.hpp"

namespace moorage {
namespace {

Napi::Error wrong(Napi::Env env, const std::string& what, const char* type) {
  return Napi::TypeError::New(env, "moorage: " + what + " must be " + type);
}

constexpr double wholeMax = 9007199254740991;  // Number.MAX_SAFE_INTEGER

uint64_t toWhole(const Napi::Value& value, const std::string& what) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  // Written so that NaN is refused too.
  if (!(number >= 0 && number <= wholeMax)) throw wrong(value.Env(), what, "a number that is not negative");
  return static_cast<uint64_t>(number);
}

std::string nameOf(size_t index) { return "argument " + std::to_string(index + 1); }

}  // namespace

Napi::Object objectArgument(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsObject()) throw wrong(info.Env(), nameOf(index), "an object");
  return info[index].As<Napi::Object>();
}

std::string stringArgument(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsString()) throw wrong(info.Env(), nameOf(index), "a string");
  return info[index].As<Napi::String>();
}

uint64_t numberArgument(const Napi::CallbackInfo& info, size_t index) { return toWhole(info[index], nameOf(index)); }

std::string stringField(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsString()) throw wrong(object.Env(), name, "a string");
  return value.As<Napi::String>();
}

std::vector<std::string> stringsField(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsArray()) throw wrong(object.Env(), name, "a list of strings");
  const auto list = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::Value item = list[i];
    if (!item.IsString()) throw wrong(object.Env(), name, "a list of strings");
    strings.push_back(item.As<Napi::String>());
  }
  return strings;
}

uint64_t numberField(const Napi::Object& object, const char* name) { return toWhole(object.Get(name), name); }

bool booleanField(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsBoolean()) throw wrong(object.Env(), name, "true or false");
  return value.As<Napi::Boolean>();
}

std::optional<std::string> optionalString(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined() || value.IsNull()) return std::nullopt;
  return stringField(object, name);
}

}  // namespace moorage
