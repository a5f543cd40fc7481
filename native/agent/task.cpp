#include "agent/task.hpp"

namespace moorage::agent {

using nlohmann::json;

namespace {

constexpr const char* noStatus = "the task's supervisor ended without leaving an exit status";

std::string messageOf(const Task& task, const std::optional<ExitStatus>& exit) {
  if (!task.failure.empty()) return task.failure;
  if (exit) return exit->message;
  return task.killAsked ? "" : noStatus;
}

const char* stateOf(const Task& task, const std::optional<ExitStatus>& exit) {
  // An earlier agent may have killed it; but a task that was stopped since it lost a volume has failed.
  if (task.killAsked || (exit && exit->killed && task.failure.empty())) return "killed";
  return task.failure.empty() && exit && exit->exitCode == 0 ? "finished" : "failed";
}

}  // namespace

Event taskEvent(const Task& task, const char* state) {
  Event event = {{"event", "task"},
                {"app", task.app ? json(task.app->id) : json(nullptr)},
                {"container", task.id},
                {"state", state},
                {"sandbox", task.sandbox}};
  if (task.recovered) event["recovered"] = true;
  if (!task.mounts.empty()) {
    event["mounts"] = Event::array();
    for (const auto& mount : task.mounts) {
      event["mounts"].push_back({{"source", mount.source}, {"target", mount.target}, {"readonly", mount.readonly}});
    }
  }
  return event;
}

Event runningEvent(const Task& task) {
  Event event = taskEvent(task, "running");
  if (task.record && task.record->command != 0) event["pid"] = task.record->command;
  return event;
}

Event endEvent(const Task& task, const std::optional<ExitStatus>& exit) {
  Event event = taskEvent(task, stateOf(task, exit));
  event.erase("mounts");
  if (exit && exit->exitCode) event["exitCode"] = *exit->exitCode;
  if (auto message = messageOf(task, exit); !message.empty()) event["message"] = std::move(message);
  if (!task.failureCode.empty()) event["code"] = task.failureCode;
  return event;
}

Event refusedEvent(const json& appId, const std::string& message) {
  return {{"event", "task"}, {"app", appId}, {"container", nullptr}, {"state", "failed"}, {"message", message}};
}

}  // namespace moorage::agent
