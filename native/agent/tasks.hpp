#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/checkpoint.hpp"
#include "agent/isolator.hpp"
#include "agent/task.hpp"

namespace moorage::agent {

/** A descriptor of the main loop and what to do when it is readable. */
struct Watch {
  int fd;
  std::function<void()> act;
};

/** What a restart found. */
struct Recovered {
  std::size_t containers = 0;
  std::size_t orphans = 0;
};

/**
 * All containers of this agent, and their way from prepare to cleanup. Nothing here waits: each step ends with a call or a
 * descriptor that leads to the next one. What fails, fails its own task.
 */
class Tasks {
 public:
  /** Sandboxes are made in `sandboxes`. */
  Tasks(Isolator& isolator, Checkpoints& checkpoints, std::string sandboxes);

  /**
   * Takes up what an earlier agent left and tells the isolator. `then` gets what was found, or the isolator's
   * refusal, on which the
   * agent must stop; else it calls {@link resume}.
   */
  void recover(std::function<void(const Recovered&, const std::optional<frames::Error>&)> then);
  /** Goes on with what was found: waits for what lives, cleans up after what does not. */
  void resume();
  /** Starts an app as a new container. */
  void launch(const App& app);
  /** Ends the tasks with this app id or container id; false when there is none. */
  bool kill(const std::string& name);
  void killAll();
  /** Ends a task that lost a volume. */
  void limit(const frames::Limit& limit);

  /** Whether a task that was taken over runs this app. */
  bool isRecovered(const std::string& appId) const;
  bool empty() const { return tasks_.empty(); }
  /** A launch that was refused before it became a task. */
  void noteRefusal() { anyFailed_ = true; }
  bool anyFailed() const { return anyFailed_; }
  bool anyKilled() const { return anyKilled_; }

  /** What the main loop waits for. */
  std::vector<Watch> watches();
  /** Until the next {@link tick}, milliseconds; -1: there is none. */
  int tickMs() const;
  /** Does what is due. */
  void tick();

 private:
  // tasks_start.cpp: up to running
  void begin(Task& task);
  void onPrepared(Task& task, const frames::Reply& reply);
  void spawn(Task& task);
  void listen(Task& task);
  void onSupervisorWord(Task& task, const nlohmann::json& word);
  void isolate(Task& task);
  void release(Task& task);
  void update(const Task& task);

  // tasks_end.cpp: from any phase to the end
  void stop(Task& task);
  void fail(Task& task, const std::string& message, const std::string& code = "");
  void onProcess(Task& task);
  void clear(Task& task);
  void finish(Task& task);
  std::optional<ExitStatus> exitOf(const Task& task);
  void onCleaned(Task& task, const frames::Reply& reply);

  // tasks_recover.cpp
  Task adopt(const Checkpoint& found);
  void bury(const Checkpoint& found);
  void resumeTask(Task& task);

  // tasks.cpp
  void withTask(const std::string& id, const std::function<void(Task&)>& step);
  void look(Task& task);

  Isolator& isolator_;
  Checkpoints& checkpoints_;
  std::string sandboxes_;
  std::string bootId_;
  std::map<std::string, Task> tasks_;
  /** Before that, no step of a task may be taken. */
  bool resumed_ = false;
  bool anyFailed_ = false;
  bool anyKilled_ = false;
};

}  // namespace moorage::agent
