#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace moorage {

/**
 * Why an effect failed: `refused` (the answer is no, asking again changes nothing), `failed` (went wrong here),
 * `unreachable` (surely not sent), `timeout` (sent, outcome unknown).
 */
enum class FailureKind { refused, failed, unreachable, timeout };

/** The word of a kind, as the host knows it. */
const char* kindName(FailureKind kind);

/** The one error of the effects: a sentence for people, a code for programs (`ENOENT`, `not-mounted`, …) and a kind. */
class EffectError : public std::runtime_error {
 public:
  EffectError(FailureKind kind, std::string code, const std::string& message)
      : std::runtime_error(message), kind_(kind), code_(std::move(code)) {}

  FailureKind kind() const { return kind_; }
  const std::string& code() const { return code_; }

 private:
  FailureKind kind_;
  std::string code_;
};

/** The symbol of an errno value, `ENOENT`; `E123` when the C library does not know it. */
std::string errnoName(int error);

/** `ENOENT (No such file or directory)`. */
std::string describeErrno(int error);

/**
 * A failed system call: `move_mount /volumes/ebs/vol-1: EBUSY (Device or resource busy)`, with the errno's symbol as code.
 * `hint` is appended after a semicolon when it is not empty.
 */
EffectError systemError(std::string_view operation, std::string_view path, int error,
                        FailureKind kind = FailureKind::failed, std::string_view hint = {});

/** A refusal with a code of our own. */
EffectError refusal(std::string code, const std::string& message);

}  // namespace moorage
