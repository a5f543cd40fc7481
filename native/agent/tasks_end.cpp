#include <signal.h>

#include "agent/executor/supervise.hpp"
#include "agent/leftovers.hpp"
#include "agent/report.hpp"
#include "agent/tasks.hpp"
#include "frames/events.hpp"

namespace moorage::agent {

namespace {

/** What a supervisor may take beyond the grace of its task before it is killed itself. */
constexpr std::chrono::milliseconds supervisorMs{executor::graceMs + 5000};
/** Between two looks at the processes that a killed supervisor left. */
constexpr std::chrono::milliseconds leftoversMs{20};

}  // namespace

/** Brings a task to its end, wherever it stands; the end itself comes later, by onProcess or by the reply to prepare. */
void Tasks::stop(Task& task) {
  if (task.phase >= Phase::clearing || task.lookAt) return;
  isolator_.call(frames::destroyFrame(task.id), [id = task.id](const frames::Reply& reply) {
    if (!reply.ok) say(id + ": destroy: " + reply.error->message);
  });
  if (task.phase == Phase::preparing) return;
  task.lookAt = Clock::now() + supervisorMs;
  if (task.phase == Phase::spawned || task.phase == Phase::isolating) {
    task.gate.reset();  // It was not told to go, so it ends by itself.
  } else {
    signalProcess(task.process, SIGTERM);
  }
}

void Tasks::fail(Task& task, const std::string& message, const std::string& code) {
  if (task.failure.empty()) {
    task.failure = message;
    task.failureCode = code;
  }
  if (!task.process) return clear(task);
  stop(task);
}

void Tasks::onProcess(Task& task) {
  if (!hasEnded(task.process)) return;
  if (task.gate) listen(task);
  task.gate.reset();
  task.process.reset();
  clear(task);
}

/** The supervisor kills what is left of its container; when it was killed itself, that is done here. */
void Tasks::clear(Task& task) {
  task.phase = Phase::clearing;
  const bool supervisorDidIt = exitOf(task).has_value();
  if (!supervisorDidIt && task.record && killLeftovers(task.id, task.record->mountNamespace) != 0) {
    task.lookAt = Clock::now() + leftoversMs;
    return;
  }
  finish(task);
}

/** A status that cannot be read is none: the cleanup must come, whatever the disk holds. */
std::optional<ExitStatus> Tasks::exitOf(const Task& task) {
  try {
    return checkpoints_.exitOf(task.id);
  } catch (const std::exception& problem) {
    say(problem.what());
    return std::nullopt;
  }
}

void Tasks::finish(Task& task) {
  task.phase = Phase::cleaning;
  task.lookAt.reset();
  if (task.app) {
    const auto event = endEvent(task, exitOf(task));
    anyFailed_ = anyFailed_ || event["state"] == "failed";
    anyKilled_ = anyKilled_ || event["state"] == "killed";
    reportEvent(event);
  }
  isolator_.call(frames::cleanupFrame(task.id), [this, id = task.id](const frames::Reply& reply) {
    withTask(id, [&](Task& cleaned) { onCleaned(cleaned, reply); });
  });
}

void Tasks::onCleaned(Task& task, const frames::Reply& reply) {
  if (reply.ok) {
    checkpoints_.remove(task.id);
  } else {
    anyFailed_ = true;
    say(task.id + ": cleanup: " + reply.error->message + "; its checkpoint stays for the next start");
  }
  tasks_.erase(task.id);
}

/** Called when a task's `lookAt` has come. */
void Tasks::look(Task& task) {
  if (task.phase == Phase::clearing) return clear(task);
  say(task.id + ": its supervisor does not end; it is killed");
  task.lookAt = Clock::now() + supervisorMs;
  if (task.process) signalProcess(task.process, SIGKILL);
}

}  // namespace moorage::agent
