#include "mesos/agent_flags.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace moorage::module {

namespace {

constexpr const char* defaultSandboxDirectory = "/mnt/mesos/sandbox";

std::optional<std::string> readText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/** What stands between NUL bytes, as in /proc/PID/cmdline and environ. */
std::vector<std::string> splitAt(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string trimmed(const std::string& text) {
  constexpr const char* blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(blanks);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/** The last one with this prefix, without it: a flag that is given twice has its last value. */
std::optional<std::string> lastWith(const std::vector<std::string>& texts, const std::string& prefix) {
  const auto found = std::find_if(texts.rbegin(), texts.rend(), [&](const std::string& text) {
    return text.compare(0, prefix.size(), prefix) == 0;
  });
  return found == texts.rend() ? std::nullopt : std::optional(found->substr(prefix.size()));
}

bool has(const std::string& list, const std::string& wanted) {
  const auto names = splitAt(list, ',');
  return std::any_of(names.begin(), names.end(), [&](const auto& name) { return trimmed(name) == wanted; });
}

}  // namespace

AgentFlags::AgentFlags(std::vector<std::string> arguments, std::vector<std::string> environment)
    : arguments_(std::move(arguments)), environment_(std::move(environment)) {}

AgentFlags AgentFlags::ofThisProcess() {
  return AgentFlags(splitAt(readText("/proc/self/cmdline").value_or(""), '\0'),
                    splitAt(readText("/proc/self/environ").value_or(""), '\0'));
}

std::optional<std::string> AgentFlags::value(const std::string& name) const {
  std::string upper = "MESOS_" + name + "=";
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char letter) { return std::toupper(letter); });
  auto given = lastWith(arguments_, "--" + name + "=");
  if (!given) given = lastWith(environment_, upper);
  const std::string scheme = "file://";
  if (given && given->compare(0, scheme.size(), scheme) == 0) given = readText(given->substr(scheme.size()));
  return given ? std::optional(trimmed(*given)) : std::nullopt;
}

std::vector<std::string> whatIsWrong(const AgentFlags& flags, const Settings& settings, bool isRoot) {
  std::vector<std::string> wrong;
  if (!isRoot) wrong.push_back("the agent does not run as root, and only root can mount: start it as root");
  const auto launcher = flags.value("launcher");
  if (launcher && *launcher != "linux") {
    wrong.push_back("--launcher=" + *launcher + " gives containers no mount namespace: set --launcher=linux");
  }
  const auto isolation = flags.value("isolation");
  if (isolation && !has(*isolation, "filesystem/linux")) {
    wrong.push_back("--isolation=" + *isolation + " lacks filesystem/linux, which makes the mounts of a container: set " +
                    "--isolation=filesystem/linux," + *isolation);
  }
  if (isolation && has(*isolation, "docker/volume") && settings.dockerVolumes) {
    wrong.push_back("--isolation has docker/volume, and both would mount volumes of type DOCKER_VOLUME: take docker/volume out of "
                    "--isolation, or leave those volumes to it with the module parameter docker_volumes=false");
  }
  return wrong;
}

std::string sandboxDirectoryOf(const AgentFlags& flags, const Settings& settings) {
  if (!settings.sandboxDirectory.empty()) return settings.sandboxDirectory;
  return flags.value("sandbox_directory").value_or(defaultSandboxDirectory);
}

}  // namespace moorage::module
