#include "mesos/settings.hpp"

#include <functional>
#include <map>
#include <stdexcept>

namespace moorage::module {

namespace {

using Setter = std::function<void(Settings&, const std::string& name, const std::string& value)>;

[[noreturn]] void refuse(const std::string& words) {
  throw std::runtime_error("module parameter " + words + "; see the parameters of this module in the agent's --modules");
}

/** The agent's working directory is nobody's promise, so a relative path would mean another file after another start. */
Setter path(std::string Settings::* field) {
  return [field](Settings& settings, const std::string& name, const std::string& value) {
    if (value.empty() || value.front() != '/') refuse(name + " is \"" + value + "\"; it must be an absolute path");
    settings.*field = value;
  };
}

Setter milliseconds(unsigned Settings::* field) {
  return [field](Settings& settings, const std::string& name, const std::string& value) {
    const bool digits = !value.empty() && value.size() <= 9 && value.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoul(value) == 0) {
      refuse(name + " is \"" + value + "\"; it must be a number of milliseconds above 0");
    }
    settings.*field = static_cast<unsigned>(std::stoul(value));
  };
}

Setter boolean(bool Settings::* field) {
  return [field](Settings& settings, const std::string& name, const std::string& value) {
    if (value != "true" && value != "false") refuse(name + " is \"" + value + "\"; it must be true or false");
    settings.*field = value == "true";
  };
}

const std::map<std::string, Setter>& setters() {
  static const std::map<std::string, Setter> known = {
      {"config", path(&Settings::config)},
      {"state", path(&Settings::stateDir)},
      {"library", path(&Settings::library)},
      {"host_bundle", path(&Settings::hostBundle)},
      {"policy", path(&Settings::policy)},
      {"start_ms", milliseconds(&Settings::startMs)},
      {"call_ms", milliseconds(&Settings::callMs)},
      {"stuck_ms", milliseconds(&Settings::stuckMs)},
      {"docker_volumes", boolean(&Settings::dockerVolumes)},
      {"sandbox_directory", path(&Settings::sandboxDirectory)},
  };
  return known;
}

std::string knownNames() {
  std::string names;
  for (const auto& [name, setter] : setters()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

Settings readSettings(const std::vector<std::pair<std::string, std::string>>& parameters) {
  Settings settings;
  std::map<std::string, bool> given;
  for (const auto& [name, value] : parameters) {
    const auto found = setters().find(name);
    if (found == setters().end()) refuse("\"" + name + "\" is unknown; known are " + knownNames());
    if (given[name]) refuse(name + " is given twice");
    given[name] = true;
    found->second(settings, name, value);
  }
  if (settings.config.empty()) refuse("config is missing: the path of moorage's configuration, JSON");
  return settings;
}

}  // namespace moorage::module
