#include "agent/checkpoint.hpp"

#include <algorithm>
#include <filesystem>

#include "agent/error.hpp"
#include "agent/files.hpp"
#include "agent/json_fields.hpp"

namespace moorage::agent {

using nlohmann::json;

namespace {

constexpr const char* containerFile = "container.json";
constexpr const char* processFile = "process.json";
constexpr const char* exitFile = "exit";

std::string toText(const json& document) {
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

ProcessRecord parseProcess(const json& from) {
  ProcessRecord process;
  process.pid = wholeNumber<pid_t>(from.at("pid"));
  process.startTime = wholeNumber<std::uint64_t>(from.at("startTime"));
  process.mountNamespace.unique = wholeNumber<std::uint64_t>(from.at("mountNamespace").at("unique"));
  process.mountNamespace.inode = wholeNumber<std::uint64_t>(from.at("mountNamespace").at("inode"));
  process.command = wholeNumber<pid_t>(from.at("command"));
  process.mounts = frames::mountsFromJson(from.at("mounts"));
  return process;
}

}  // namespace

Checkpoints::Checkpoints(std::string directory) : directory_(std::move(directory)) {
  std::filesystem::create_directories(directory_);
  std::filesystem::permissions(directory_, std::filesystem::perms::owner_all);
}

std::string Checkpoints::pathOf(const std::string& id) const { return directory_ + "/" + id; }

void Checkpoints::add(const std::string& id, const App& app, const std::string& sandbox, const std::string& bootId) {
  makeDirectory(directory_, id, 0700);
  const json document = {{"id", id}, {"app", app.source}, {"sandbox", sandbox}, {"bootId", bootId}};
  writeDurably(openDirectory(pathOf(id)), containerFile, toText(document));
}

void Checkpoints::saveProcess(const std::string& id, const ProcessRecord& process) {
  const json mountNamespace = {{"unique", process.mountNamespace.unique}, {"inode", process.mountNamespace.inode}};
  const json document = {{"pid", process.pid},
                         {"startTime", process.startTime},
                         {"mountNamespace", mountNamespace},
                         {"command", process.command},
                         {"mounts", frames::mountsToJson(process.mounts)}};
  writeDurably(openDirectory(pathOf(id)), processFile, toText(document));
}

std::optional<ExitStatus> Checkpoints::exitOf(const std::string& id) const {
  const auto text = readFile(pathOf(id) + "/" + exitFile);
  if (!text) return std::nullopt;
  try {
    return exitStatusFromJson(json::parse(*text));
  } catch (const std::exception& problem) {
    throw std::runtime_error(pathOf(id) + "/" + exitFile + ": " + problem.what());
  }
}

void Checkpoints::remove(const std::string& id) {
  // First of all the file that names it: a crash in between leaves a nameless orphan, which is cleaned up without
  // being told again.
  std::filesystem::remove(pathOf(id) + "/" + containerFile);
  std::filesystem::remove_all(pathOf(id));
}

Checkpoint Checkpoints::read(const std::string& id) const {
  Checkpoint found;
  found.id = id;
  try {
    if (const auto text = readFile(pathOf(id) + "/" + processFile)) found.process = parseProcess(json::parse(*text));
    if (const auto text = readFile(pathOf(id) + "/" + containerFile)) {
      const json document = json::parse(*text);
      found.bootId = document.at("bootId").get<std::string>();
      found.sandbox = document.at("sandbox").get<std::string>();
      found.app = parseApp(document.at("app"));
    }
  } catch (const std::exception& problem) {
    found.problem = pathOf(id) + ": " + problem.what();
  }
  return found;
}

std::vector<Checkpoint> Checkpoints::list() const {
  std::vector<std::string> ids;
  for (const auto& item : std::filesystem::directory_iterator(directory_)) {
    // A link is none of ours, and may lead nowhere.
    if (!item.is_symlink() && item.is_directory()) ids.push_back(item.path().filename());
  }
  std::sort(ids.begin(), ids.end());
  std::vector<Checkpoint> found;
  found.reserve(ids.size());
  for (const auto& id : ids) found.push_back(read(id));
  return found;
}

}  // namespace moorage::agent
