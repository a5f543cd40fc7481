#pragma once

#include <string>
#include <vector>

#include "agent/app.hpp"
#include "agent/checkpoint.hpp"
#include "agent/cli.hpp"
#include "agent/isolator.hpp"
#include "agent/lines.hpp"
#include "agent/tasks.hpp"
#include "agent/work.hpp"

namespace moorage::agent {

/** Blocks SIGTERM and SIGINT in this thread and those it starts, and ignores SIGPIPE. Readable when one came. Throws. */
Fd openStopSignals();

/** One agent, from its start to its end, in one loop around poll(2). */
class Agent {
 public:
  /**
   * Locks the work directory and starts the isolator. `apps` are launched once what an earlier agent left is
   * recovered. Throws.
   */
  Agent(const Options& options, std::vector<App> apps, Fd signals);

  /** Runs until there is nothing more to do. Returns the exit code. Throws when the isolator refuses to recover. */
  int run();

 private:
  void onRecovered(const Recovered& found, const std::optional<frames::Error>& refusal);
  void launchApps();
  void turn();
  void onSignal();
  void onCommands();
  void obey(const std::string& line);
  void launch(const nlohmann::json& app);
  void stopAll();
  bool isDone() const;

  bool commands_;
  std::vector<App> apps_;
  Fd signals_;
  LineReader input_;
  Work work_;
  Checkpoints checkpoints_;
  Isolator isolator_;
  Tasks tasks_;
  bool recovered_ = false;
  bool stopping_ = false;
};

}  // namespace moorage::agent
