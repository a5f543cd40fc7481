#include <sys/stat.h>
#include <unistd.h>

#include "agent/container_id.hpp"
#include "agent/environment.hpp"
#include "agent/error.hpp"
#include "agent/executor/gate.hpp"
#include "agent/files.hpp"
#include "agent/report.hpp"
#include "agent/spawn.hpp"
#include "agent/tasks.hpp"
#include "client/refusal.hpp"
#include "frames/events.hpp"

namespace moorage::agent {

using nlohmann::json;

namespace {

std::optional<User> userOf(const App& app) {
  return app.user ? std::optional(resolveUser(*app.user)) : std::nullopt;
}

void makeSandbox(const std::string& directory, const Task& task) {
  makeDirectory(directory, task.id, 0755);
  const auto user = userOf(*task.app);
  if (user && ::chown(task.sandbox.c_str(), user->uid, user->gid) != 0) throw systemError("chown " + task.sandbox);
}

executor::Spec specOf(const Task& task, const std::string& checkpoint) {
  executor::Spec spec;
  spec.id = task.id;
  spec.sandbox = task.sandbox;
  spec.rootfs = task.app->rootfs;
  spec.checkpoint = checkpoint;
  spec.mounts = task.mounts;
  spec.cmd = task.app->cmd;
  spec.env = taskEnvironment(*task.app, task.id, task.sandbox);
  spec.user = userOf(*task.app);
  return spec;
}

/** Only the pid that a next agent shows hangs on it: no reason to end a task that runs. */
void saveCommand(Checkpoints& checkpoints, const Task& task) {
  try {
    checkpoints.saveProcess(task.id, *task.record);
  } catch (const std::exception& problem) {
    say(task.id + ": " + problem.what());
  }
}

}  // namespace

void Tasks::launch(const App& app) {
  Task task;
  task.id = newContainerId(app.id);
  task.app = app;
  task.sandbox = sandboxes_ + "/" + task.id;
  const std::string id = task.id;
  tasks_.emplace(id, std::move(task));
  withTask(id, [this](Task& added) { begin(added); });
}

void Tasks::begin(Task& task) {
  reportEvent(taskEvent(task, "staging"));
  // Before prepare: if the agent dies in it, the next one finds an orphan and not nothing.
  checkpoints_.add(task.id, *task.app, task.sandbox, bootId_);
  makeSandbox(sandboxes_, task);
  isolator_.call(frames::prepareFrame(containerOf(*task.app, task.id, task.sandbox)),
                 [this, id = task.id](const frames::Reply& reply) {
                   withTask(id, [&](Task& prepared) { onPrepared(prepared, reply); });
                 });
}

void Tasks::onPrepared(Task& task, const frames::Reply& reply) {
  if (task.phase != Phase::preparing) return;
  if (!reply.ok) return fail(task, client::sentence(*reply.error), reply.error->code);
  if (task.killAsked || !task.failure.empty()) return clear(task);
  task.mounts = reply.mounts;
  spawn(task);
}

void Tasks::spawn(Task& task) {
  Supervisor supervisor =
      spawnSupervisor(specOf(task, checkpoints_.pathOf(task.id)));
  ProcessRecord record;
  record.pid = supervisor.pid;
  record.mounts = task.mounts;
  task.record = record;
  task.process = std::move(supervisor.process);
  task.gate = std::move(supervisor.gate);
  task.phase = Phase::spawned;
}

void Tasks::listen(Task& task) {
  json word;
  for (;;) {
    const auto heard = executor::hear(task.gate, word);
    if (heard == executor::Heard::closed) task.gate.reset();
    if (heard != executor::Heard::message) return;
    onSupervisorWord(task, word);
  }
}

void Tasks::onSupervisorWord(Task& task, const json& word) {
  const auto state = word.value("state", "");
  if (state == "ready" && task.phase == Phase::spawned) {
    isolate(task);
  } else if (state == "running" && task.phase == Phase::released) {
    task.phase = Phase::running;
    task.record->command = word.value("pid", 0);
    saveCommand(checkpoints_, task);
    reportEvent(runningEvent(task));
  } else if (state == "failed" && task.failure.empty()) {
    task.failure = word.value("message", "the supervisor failed");
  }
}

void Tasks::isolate(Task& task) {
  const Fd proc = openProc();
  const auto stat = statOf(proc, task.record->pid);
  const auto mountNamespace = mountNamespaceOf(proc, task.record->pid);
  if (!stat || !mountNamespace) throw std::runtime_error("the supervisor ended before the task was started");
  task.record->startTime = stat->startTime;
  task.record->mountNamespace = *mountNamespace;
  checkpoints_.saveProcess(task.id, *task.record);
  task.phase = Phase::isolating;
  isolator_.call(frames::isolateFrame(task.id, task.record->pid), [this, id = task.id](const frames::Reply& reply) {
    withTask(id, [&](Task& isolated) {
      if (isolated.phase != Phase::isolating) return;
      if (!reply.ok) return fail(isolated, client::sentence(*reply.error), reply.error->code);
      release(isolated);
      update(isolated);
    });
  });
}

/** Mesos tells every isolator what a container has, when it starts and when an agent takes it over. */
void Tasks::update(const Task& task) {
  isolator_.call(frames::updateFrame(task.id, task.app->resources), [id = task.id](const frames::Reply& reply) {
    if (!reply.ok) say(id + ": update: " + reply.error->message);
  });
}

void Tasks::release(Task& task) {
  if (!task.gate) return;
  executor::tell(task.gate, {{"go", true}});
  task.phase = Phase::released;
}

}  // namespace moorage::agent
