#include "agent/commands.hpp"

#include "agent/app.hpp"
#include "agent/error.hpp"
#include "agent/json_fields.hpp"

namespace moorage::agent {

using nlohmann::json;

Command parseCommand(const std::string& line) {
  const json command = parseJson(line, "the command");
  if (!command.is_object() || command.size() != 1) {
    throw UsageError(R"(a command is an object with one key: {"launch": ...}, {"kill": "id"} or {"stop": true})");
  }
  const std::string verb = command.begin().key();
  const json& argument = command.begin().value();
  if (verb == "launch" && (argument.is_object() || argument.is_string())) return LaunchCommand{argument};
  if (verb == "launch") throw UsageError("launch takes an app object or the path of an app file");
  if (verb == "kill") return KillCommand{requireText(argument, "kill")};
  if (verb == "stop" && argument == true) return StopCommand{};
  if (verb == "stop") throw UsageError(R"(stop is written {"stop": true})");
  throw UsageError("unknown command \"" + verb + "\"; launch, kill and stop are known");
}

}  // namespace moorage::agent
