#pragma once

#include <string>
#include <variant>

#include <nlohmann/json.hpp>

namespace moorage::agent {

struct LaunchCommand {
  /** An app object, or the path of an app file as a string. */
  nlohmann::json app;
};

struct KillCommand {
  /** App id or container id. */
  std::string name;
};

struct StopCommand {};

using Command = std::variant<LaunchCommand, KillCommand, StopCommand>;

/** Reads one line of stdin. Throws UsageError that says what is wrong with it. */
Command parseCommand(const std::string& line);

}  // namespace moorage::agent
