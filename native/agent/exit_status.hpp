#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace moorage::agent {

/** How a task ended, as its supervisor leaves it for the agent that lives by then. */
struct ExitStatus {
  /** As a shell tells it: 128 + number for a signal. None when the command was never started. */
  std::optional<int> exitCode;
  /** It was asked to end. */
  bool killed = false;
  /** Why the command was not started, or which signal ended it; may be empty. */
  std::string message;
};

/** From the status of wait(2). */
ExitStatus fromWaitStatus(int status);

nlohmann::json toJson(const ExitStatus& status);

/** Throws a JSON exception. */
ExitStatus exitStatusFromJson(const nlohmann::json& json);

}  // namespace moorage::agent
