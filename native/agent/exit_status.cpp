#include "agent/exit_status.hpp"

#include <string.h>
#include <sys/wait.h>

#include "agent/json_fields.hpp"

namespace moorage::agent {

using nlohmann::json;

ExitStatus fromWaitStatus(int status) {
  ExitStatus out;
  if (WIFEXITED(status)) {
    out.exitCode = WEXITSTATUS(status);
    return out;
  }
  const int signal = WTERMSIG(status);
  const char* name = ::sigabbrev_np(signal);
  out.exitCode = 128 + signal;
  out.message = "ended by SIG" + (name != nullptr ? std::string(name) : std::to_string(signal));
  return out;
}

json toJson(const ExitStatus& status) {
  return {{"exitCode", status.exitCode ? json(*status.exitCode) : json(nullptr)},
          {"killed", status.killed},
          {"message", status.message}};
}

ExitStatus exitStatusFromJson(const json& from) {
  ExitStatus out;
  if (!from.at("exitCode").is_null()) out.exitCode = wholeNumber<int>(from.at("exitCode"));
  out.killed = from.at("killed").get<bool>();
  out.message = from.at("message").get<std::string>();
  return out;
}

}  // namespace moorage::agent
