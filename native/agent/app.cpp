#include "agent/app.hpp"

#include <sys/stat.h>

#include "agent/error.hpp"
#include "agent/files.hpp"
#include "agent/json_fields.hpp"
#include "agent/user.hpp"

namespace moorage::agent {

using nlohmann::json;

namespace {

/** Options of the `dvdi` provider are written with this prefix. */
constexpr std::string_view optionPrefix = "dvdi/";

/** A copy of a deeper tree, or its text, would need more stack than there is; an app has five levels. */
constexpr int nestingMax = 64;

std::string withoutPrefix(const std::string& key) {
  return key.compare(0, optionPrefix.size(), optionPrefix) == 0 ? key.substr(optionPrefix.size()) : key;
}

bool parseMode(const json& volume, const std::string& path) {
  const auto mode = optionalTextField(volume, "mode", path).value_or("RW");
  if (mode != "RW" && mode != "RO") throw UsageError(path + ".mode is \"" + mode + "\"; it must be RW or RO");
  return mode == "RO";
}

frames::VolumeRequest parseVolume(const json& volume, const std::string& path) {
  requireObject(volume, path);
  frames::VolumeRequest request;
  request.containerPath = requireTextField(volume, "containerPath", path);
  request.readonly = parseMode(volume, path);
  const json* external = optionalField(volume, "external");
  if (external == nullptr) {
    throw UsageError(path + ".external is missing: this agent mounts external volumes only");
  }
  const auto externalPath = path + ".external";
  requireObject(*external, externalPath);
  request.name = requireTextField(*external, "name", externalPath);
  const auto provider = requireTextField(*external, "provider", externalPath);
  if (provider != "dvdi") throw UsageError(externalPath + ".provider is \"" + provider + "\"; it must be dvdi");
  for (const auto& [key, value] : optionalPairs(*external, "options", externalPath)) {
    const auto name = withoutPrefix(key);
    if (name == "driver") {
      request.driver = value;
    } else {
      request.options.emplace_back(name, value);
    }
  }
  return request;
}

void parseContainer(const json& container, App& app) {
  requireObject(container, "container");
  if (optionalField(container, "docker") != nullptr) {
    throw UsageError("container.docker: this agent pulls no images; unpack the image and name it in container.rootfs");
  }
  app.rootfs = optionalTextField(container, "rootfs", "container");
  if (app.rootfs && app.rootfs->front() != '/') throw UsageError("container.rootfs must be an absolute path");
  if (app.rootfs && *app.rootfs == "/") throw UsageError("container.rootfs is /; leave it out to run on the machine's own files");
  const json* volumes = optionalField(container, "volumes");
  if (volumes == nullptr) return;
  if (!volumes->is_array()) throw UsageError(std::string("container.volumes must be an array, not ") + volumes->type_name());
  for (std::size_t index = 0; index < volumes->size(); ++index) {
    app.volumes.push_back(parseVolume((*volumes)[index], "container.volumes[" + std::to_string(index) + "]"));
  }
}

frames::ResourceValue parseResource(const json& value, const std::string& path) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_array()) throw UsageError(path + " must be a number or an array of strings");
  std::vector<std::string> names;
  for (const auto& name : value) names.push_back(requireText(name, path));
  return names;
}

void parseResources(const json& resources, App& app) {
  requireObject(resources, "resources");
  for (const auto& [name, value] : resources.items()) {
    app.resources.emplace_back(name, parseResource(value, "resources." + name));
  }
}

void checkEnvironment(const frames::Pairs& env) {
  for (const auto& [name, value] : env) {
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos) {
      throw UsageError("env has the name \"" + name + "\"; a name is not empty and has no = in it");
    }
  }
}

bool isDirectory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

json parseJson(const std::string& text, const std::string& what) {
  const auto goesOn = [&what](int depth, json::parse_event_t, json&) {
    if (depth > nestingMax) throw UsageError(what + " has lists in lists, more than " + std::to_string(nestingMax) + " deep");
    return true;
  };
  try {
    return json::parse(text, goesOn);
  } catch (const json::exception& problem) {
    // Not of parse errors alone: a number that no double can hold is out of range.
    const std::string words = problem.what();
    const auto start = words.find("] ");
    throw UsageError(what + " is not JSON: " + (start == std::string::npos ? words : words.substr(start + 2)));
  }
}

App parseApp(const json& source) {
  requireObject(source, "");
  App app;
  app.source = source;
  app.id = requireTextField(source, "id", "");
  app.cmd = requireTextField(source, "cmd", "");
  app.env = optionalPairs(source, "env", "");
  checkEnvironment(app.env);
  app.labels = optionalPairs(source, "labels", "");
  app.user = optionalTextField(source, "user", "");
  if (const json* container = optionalField(source, "container")) parseContainer(*container, app);
  if (const json* resources = optionalField(source, "resources")) parseResources(*resources, app);
  return app;
}

App readApp(const std::string& path) {
  std::optional<std::string> text;
  try {
    text = readFile(path);
  } catch (const std::exception& problem) {
    throw UsageError(std::string("cannot read the app: ") + problem.what());
  }
  if (!text) throw UsageError("there is no app file " + path);
  const json source = parseJson(*text, path);
  try {
    return parseApp(source);
  } catch (const UsageError& problem) {
    throw UsageError(path + ": " + problem.what());
  }
}

void requireRunnable(const App& app) {
  try {
    if (app.user) resolveUser(*app.user);
  } catch (const UsageError& problem) {
    throw UsageError(app.id + ": " + problem.what());
  }
  if (app.rootfs && !isDirectory(*app.rootfs)) {
    throw UsageError(app.id + ": container.rootfs " + *app.rootfs + " is not a directory on this machine");
  }
}

frames::Container containerOf(const App& app, const std::string& id, const std::string& sandbox) {
  return {id, app.labels, app.env, app.volumes, app.resources, sandbox, app.rootfs, app.user};
}

frames::RecoveredContainer recoveredOf(const App& app, const std::string& id, const std::string& sandbox, int pid) {
  return {id, app.labels, app.env, app.volumes, sandbox, app.rootfs, pid};
}

}  // namespace moorage::agent
