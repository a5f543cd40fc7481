#include "agent/report.hpp"
#include "agent/tasks.hpp"
#include "frames/events.hpp"

namespace moorage::agent {

/**
 * A found container as a task: `running` when its supervisor lives, else `clearing`. One that was isolated is no orphan, whether its
 * processes live or not: so takes it a Mesos agent, too.
 */
Task Tasks::adopt(const Checkpoint& found) {
  if (!found.problem.empty()) say(found.problem + "; it is cleaned up as an orphan");
  Task task;
  task.id = found.id;
  task.app = found.app;
  task.sandbox = found.sandbox;
  task.recovered = true;
  if (found.process) {
    task.record = found.process;
    task.mounts = found.process->mounts;
    task.process = openProcess(openProc(), found.process->pid, found.process->startTime);
  }
  task.phase = task.app && task.process ? Phase::running : Phase::clearing;
  if (task.phase == Phase::clearing && !task.process && !exitOf(task)) {
    task.failure = found.process ? "its processes were gone when the agent started, and left no exit status"
                                 : "the agent ended before the task was started";
  }
  return task;
}

/** A container of before a reboot: nobody is told of it any more, for a Mesos agent does not tell either. */
void Tasks::bury(const Checkpoint& found) {
  Task task;
  task.id = found.id;
  task.app = found.app;
  task.sandbox = found.sandbox;
  task.failure = "the machine was started again";
  if (task.app) reportEvent(endEvent(task, std::nullopt));
  checkpoints_.remove(found.id);
}

void Tasks::recover(std::function<void(const Recovered&, const std::optional<frames::Error>&)> then) {
  std::vector<frames::RecoveredContainer> containers;
  std::vector<std::string> orphans;
  for (const auto& found : checkpoints_.list()) {
    if (!found.bootId.empty() && found.bootId != bootId_) {
      bury(found);
      continue;
    }
    Task task = adopt(found);
    if (task.app && task.record) {
      containers.push_back(recoveredOf(*task.app, task.id, task.sandbox, task.record->pid));
    } else {
      orphans.push_back(task.id);
    }
    tasks_.emplace(task.id, std::move(task));
  }
  const Recovered recovered{containers.size(), orphans.size()};
  isolator_.call(frames::recoverFrame(containers, orphans), [recovered, then = std::move(then)](const frames::Reply& reply) {
    then(recovered, reply.ok ? std::nullopt : reply.error);
  });
}

void Tasks::resume() {
  resumed_ = true;
  std::vector<std::string> ids;
  for (const auto& [id, task] : tasks_) ids.push_back(id);
  for (const auto& id : ids) withTask(id, [this](Task& task) { resumeTask(task); });
}

void Tasks::resumeTask(Task& task) {
  if (task.phase == Phase::running) {
    reportEvent(runningEvent(task));
    return update(task);
  }
  say(task.id + ": what is left of it is cleaned up");
  if (!task.process) return clear(task);
  // Its supervisor lives, but what it is for cannot be read: it has to end first.
  task.phase = Phase::released;
  stop(task);
}

}  // namespace moorage::agent
