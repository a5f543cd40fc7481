#include <unistd.h>

#include <fstream>
#include <memory>
#include <stdexcept>

#include <glog/logging.h>

#include <mesos/mesos.hpp>
#include <mesos/module.hpp>
#include <mesos/module/isolator.hpp>

#include <nlohmann/json.hpp>

#include "mesos/agent_flags.hpp"
#include "mesos/isolator.hpp"
#include "mesos/settings.hpp"

namespace {

using namespace moorage::module;

std::vector<std::pair<std::string, std::string>> pairsOf(const mesos::Parameters& parameters) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& parameter : parameters.parameter()) pairs.emplace_back(parameter.key(), parameter.value());
  return pairs;
}

/** Where managed mounts lie, for `usage`. What is wrong with a configuration the host says, and better than this could. */
std::string rootOf(const std::string& config) {
  std::ifstream file(config);
  const auto document = nlohmann::json::parse(file, nullptr, false);
  if (!document.is_object() || !document.contains("root") || !document["root"].is_string()) return "";
  return document["root"].get<std::string>();
}

void requireFlags(const AgentFlags& flags, const Settings& settings) {
  std::string wrong;
  for (const auto& sentence : whatIsWrong(flags, settings, ::geteuid() == 0)) wrong += (wrong.empty() ? "" : ". ") + sentence;
  if (!wrong.empty()) throw std::runtime_error(wrong);
}

/** What the agent gets when it starts. A nullptr ends it; the reason stands in its log. */
mesos::slave::Isolator* create(const mesos::Parameters& parameters) {
  try {
    const Settings settings = readSettings(pairsOf(parameters));
    const auto flags = AgentFlags::ofThisProcess();
    requireFlags(flags, settings);
    auto process = std::make_unique<IsolatorProcess>(settings, rootOf(settings.config), sandboxDirectoryOf(flags, settings));
    return new Isolator(std::move(process));
  } catch (const std::exception& problem) {
    LOG(ERROR) << "moorage does not start: " << problem.what();
    return nullptr;
  }
}

}  // namespace

/** The name of this symbol is the module's name in --modules and --isolation. */
extern mesos::modules::Module<mesos::slave::Isolator> org_moorage_VolumeIsolator;
// NOLINTNEXTLINE(cert-err58-cpp): a module of Mesos is such a variable
mesos::modules::Module<mesos::slave::Isolator> org_moorage_VolumeIsolator(
    MESOS_MODULE_API_VERSION, MESOS_VERSION, "moorage", "-", "Mounts external volumes for containers.", nullptr,
    create);
