#include "agent/tasks.hpp"

#include <algorithm>

#include "agent/process.hpp"
#include "agent/report.hpp"

namespace moorage::agent {

namespace {
/** Until a task whose processes could not be looked for is looked at again. */
constexpr std::chrono::milliseconds clearAgainMs{1000};
}  // namespace

Tasks::Tasks(Isolator& isolator, Checkpoints& checkpoints, std::string sandboxes)
    : isolator_(isolator), checkpoints_(checkpoints), sandboxes_(std::move(sandboxes)), bootId_(currentBootId()) {}

/** Runs a step of the task with this id, if it still exists; what the step throws fails that task. */
void Tasks::withTask(const std::string& id, const std::function<void(Task&)>& step) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) return;
  try {
    step(found->second);
    return;
  } catch (const std::exception& problem) {
    say(id + ": " + problem.what());
    if (found->second.phase < Phase::clearing) {
      const std::string words = problem.what();
      return withTask(id, [&](Task& task) { fail(task, words); });
    }
  }
  if (found->second.phase == Phase::clearing) {
    // Whether processes of it are left could not be told (no descriptors left, say): without that no cleanup may come.
    found->second.lookAt = Clock::now() + clearAgainMs;
    return;
  }
  // Its end could not be brought to its end: the checkpoint stays, and the next start takes it as an orphan.
  anyFailed_ = true;
  tasks_.erase(found);
}

bool Tasks::kill(const std::string& name) {
  std::vector<std::string> named;
  for (const auto& [id, task] : tasks_) {
    if (id == name || (task.app && task.app->id == name)) named.push_back(id);
  }
  for (const auto& id : named) {
    withTask(id, [this](Task& task) {
      task.killAsked = task.killAsked || task.phase < Phase::clearing;
      stop(task);
    });
  }
  return !named.empty();
}

void Tasks::killAll() {
  std::vector<std::string> ids;
  for (const auto& [id, task] : tasks_) ids.push_back(id);
  for (const auto& id : ids) kill(id);
}

void Tasks::limit(const frames::Limit& limit) {
  withTask(limit.id, [&](Task& task) {
    if (task.failure.empty()) task.failure = limit.reason;
    stop(task);
  });
}

bool Tasks::isRecovered(const std::string& appId) const {
  return std::any_of(tasks_.begin(), tasks_.end(), [&](const auto& item) {
    const Task& task = item.second;
    return task.recovered && task.phase == Phase::running && task.app && task.app->id == appId;
  });
}

std::vector<Watch> Tasks::watches() {
  std::vector<Watch> watches;
  if (!resumed_) return watches;
  for (const auto& [id, task] : tasks_) {
    const auto add = [&, name = id](const Fd& file, void (Tasks::*step)(Task&)) {
      if (file) watches.push_back({file.get(), [this, name, step] { withTask(name, [&](Task& at) { (this->*step)(at); }); }});
    };
    add(task.gate, &Tasks::listen);
    add(task.process, &Tasks::onProcess);
  }
  return watches;
}

int Tasks::tickMs() const {
  std::optional<Clock::time_point> first;
  for (const auto& [id, task] : tasks_) {
    if (task.lookAt && (!first || *task.lookAt < *first)) first = task.lookAt;
  }
  if (!first) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - Clock::now()).count();
  return static_cast<int>(std::max<long long>(left, 0));
}

void Tasks::tick() {
  const auto now = Clock::now();
  std::vector<std::string> due;
  for (const auto& [id, task] : tasks_) {
    if (task.lookAt && *task.lookAt <= now) due.push_back(id);
  }
  for (const auto& id : due) withTask(id, [this](Task& task) { look(task); });
}

}  // namespace moorage::agent
