#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mesos/settings.hpp"

namespace moorage::module {

/** The flags with which the agent was started, from its own command line and environment. */
class AgentFlags {
 public:
  /** `arguments` as in argv, `environment` as `NAME=value`. */
  AgentFlags(std::vector<std::string> arguments, std::vector<std::string> environment);

  /** Those of the process that this runs in; none where /proc is not to be read. */
  static AgentFlags ofThisProcess();

  /**
   * The value of `--name=...`, else of `MESOS_NAME`; a value that is a `file://` is read, as the agent does. None when the
   * flag was not given, or its file cannot be read.
   */
  std::optional<std::string> value(const std::string& name) const;

 private:
  std::vector<std::string> arguments_;
  std::vector<std::string> environment_;
};

/**
 * What must be changed about the agent's flags before volumes can reach a container, a sentence each; empty when nothing is
 * seen. Flags that are not to be seen are not judged.
 */
std::vector<std::string> whatIsWrong(const AgentFlags& flags, const Settings& settings, bool isRoot);

/** Where a container with an image sees its sandbox: by the module's parameter, the agent's flag, or Mesos' default. */
std::string sandboxDirectoryOf(const AgentFlags& flags, const Settings& settings);

}  // namespace moorage::module
