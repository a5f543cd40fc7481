#pragma once

#include <napi.h>

#include <optional>
#include <string>
#include <vector>

namespace moorage {

/** Arguments and fields of a request object. Each throws a JS TypeError that names the field when it is missing or of another type. */
Napi::Object objectArgument(const Napi::CallbackInfo& info, size_t index = 0);
std::string stringArgument(const Napi::CallbackInfo& info, size_t index = 0);
/** A whole number from 0 to 2^53 - 1; anything else is a TypeError. */
uint64_t numberArgument(const Napi::CallbackInfo& info, size_t index = 0);

std::string stringField(const Napi::Object& object, const char* name);
uint64_t numberField(const Napi::Object& object, const char* name);
bool booleanField(const Napi::Object& object, const char* name);
std::vector<std::string> stringsField(const Napi::Object& object, const char* name);
std::optional<std::string> optionalString(const Napi::Object& object, const char* name);

}  // namespace moorage
