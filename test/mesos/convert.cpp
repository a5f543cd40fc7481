// What the module makes of its inputs, as a program: a JSON object a line on stdin, another one for each on stdout. With
// MOORAGE_WITH_MESOS the recorded messages become Mesos' own; without, they are read as they were recorded.

#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "frames/events.hpp"
#include "mesos/agent_flags.hpp"
#include "mesos/requests.hpp"
#include "mesos/settings.hpp"
#include "mesos/targets.hpp"

#ifdef MOORAGE_WITH_MESOS
#include <mesos/mesos.hpp>
#include <mesos/slave/containerizer.hpp>
#include <stout/json.hpp>
#include <stout/protobuf.hpp>
#else
#include "records.hpp"
#endif

using nlohmann::json;
using namespace moorage;

namespace {

#ifdef MOORAGE_WITH_MESOS
template <typename Message>
Message parse(const json& from) {
  auto parsed = ::protobuf::parse<Message>(JSON::parse<JSON::Object>(from.dump()).get());
  if (parsed.isError()) throw std::runtime_error(parsed.error());
  return parsed.get();
}
auto idFrom(const json& from) { return parse<mesos::ContainerID>(from); }
auto configFrom(const json& from) { return parse<mesos::slave::ContainerConfig>(from); }
auto stateFrom(const json& from) { return parse<mesos::slave::ContainerState>(from); }
#else
auto idFrom(const json& from) { return Record(from); }
auto configFrom(const json& from) { return Record(from); }
auto stateFrom(const json& from) { return Record(from); }
#endif

std::string hex(const frames::Bytes& bytes) {
  std::string text;
  for (const auto byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

json prepare(const json& asked) {
  const json& config = asked.at("config");
  const module::Reading reading{asked.value("docker_volumes", true), config.value("container_class", "") == "DEBUG"};
  return hex(frames::prepareFrame(module::containerOf(idFrom(asked.at("container_id")), configFrom(config), reading)));
}

json recover(const json& asked) {
  std::vector<frames::RecoveredContainer> containers;
  for (const auto& state : asked.at("states")) containers.push_back(module::recoveredOf(stateFrom(state), {}));
  std::vector<std::string> orphans;
  for (const auto& orphan : asked.at("orphans")) orphans.push_back(module::idOf(idFrom(orphan)));
  return hex(frames::recoverFrame(containers, orphans));
}

json target(const json& asked) {
  const frames::Mount mount{"/m/v1", asked.at("target").get<std::string>(), false};
  return module::targetOf(mount, {asked.at("sandbox").get<std::string>(), asked.value("rootfs", ""), "/mnt/mesos/sandbox"});
}

module::Settings settingsOf(const json& asked) {
  return module::readSettings(asked.at("parameters").get<std::vector<std::pair<std::string, std::string>>>());
}

json settings(const json& asked) {
  const auto read = settingsOf(asked);
  return {{"config", read.config},   {"state", read.stateDir},   {"library", read.library},
          {"policy", read.policy},   {"call_ms", read.callMs},   {"docker_volumes", read.dockerVolumes}};
}

json flags(const json& asked) {
  const module::AgentFlags given(asked.value("arguments", std::vector<std::string>{}),
                                 asked.value("environment", std::vector<std::string>{}));
  const auto read = settingsOf(asked);
  return {{"wrong", module::whatIsWrong(given, read, asked.value("root", true))},
          {"sandbox", module::sandboxDirectoryOf(given, read)}};
}

json answer(const json& asked) {
  const auto kind = asked.at("kind").get<std::string>();
  if (kind == "prepare") return prepare(asked);
  if (kind == "recover") return recover(asked);
  if (kind == "target") return target(asked);
  if (kind == "settings") return settings(asked);
  if (kind == "flags") return flags(asked);
  throw std::runtime_error("unknown kind " + kind);
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    json told;
    try {
      told = {{"ok", answer(json::parse(line))}};
    } catch (const std::exception& problem) {
      told = {{"error", problem.what()}};
    }
    std::cout << told.dump() << '\n';
  }
}
