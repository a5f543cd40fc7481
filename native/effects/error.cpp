#include "effects/error.hpp"

#include <string.h>

namespace moorage {

const char* kindName(FailureKind kind) {
  switch (kind) {
    case FailureKind::refused: return "refused";
    case FailureKind::failed: return "failed";
    case FailureKind::unreachable: return "unreachable";
    case FailureKind::timeout: return "timeout";
  }
  return "failed";
}

std::string errnoName(int error) {
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : "E" + std::to_string(error);
}

std::string describeErrno(int error) {
  const char* text = ::strerrordesc_np(error);
  return errnoName(error) + " (" + (text != nullptr ? text : "unknown error") + ")";
}

EffectError systemError(std::string_view operation, std::string_view path, int error, FailureKind kind,
                        std::string_view hint) {
  std::string message(operation);
  if (!path.empty()) message.append(" ").append(path);
  message.append(": ").append(describeErrno(error));
  if (!hint.empty()) message.append("; ").append(hint);
  return EffectError(kind, errnoName(error), message);
}

EffectError refusal(std::string code, const std::string& message) {
  return EffectError(FailureKind::refused, std::move(code), message);
}

}  // namespace moorage
