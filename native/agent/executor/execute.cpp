#include "agent/executor/execute.hpp"

#include <sys/prctl.h>

#include "agent/error.hpp"
#include "agent/executor/command.hpp"
#include "agent/executor/gate.hpp"
#include "agent/executor/mounts.hpp"
#include "agent/executor/spec.hpp"
#include "agent/executor/stage.hpp"
#include "agent/executor/supervise.hpp"
#include "agent/files.hpp"
#include "agent/process.hpp"
#include "agent/report.hpp"

namespace moorage::agent::executor {

using nlohmann::json;

namespace {

/** What must be opened before the view of the file system changes. */
struct Handles {
  Fd signals;
  Fd proc;
  Fd checkpoint;
};

Handles openHandles(const Spec& spec) {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw systemError("become a subreaper");
  return {openSignals(), openProc(), openDirectory(spec.checkpoint)};
}

ExitStatus failure(const std::string& message) {
  ExitStatus status;
  status.message = message;
  return status;
}

ExitStatus runTask(const Spec& spec, const Fd& gate, const Handles& handles) {
  try {
    tell(gate, {{"state", "ready"}});
    if (!waitForGo(gate)) return failure("the agent went away before the task was started");
    pid_t command = 0;
    {
      const Stage stage = setStage(spec);
      command = startCommand(spec, stage);
    }
    tell(gate, {{"state", "running"}, {"pid", command}});
    return supervise(command, handles.signals, handles.proc);
  } catch (const std::exception& problem) {
    killAll(0, handles.proc);
    tell(gate, {{"state", "failed"}, {"message", problem.what()}});
    return failure(problem.what());
  }
}

}  // namespace

int execute() {
  const Fd gate(gateNumber);
  try {
    const Fd file(specNumber);
    const Spec spec = specFromJson(json::parse(readAll(file)));
    const Handles handles = openHandles(spec);
    // Not within runTask: what it kills when it fails is everybody in this namespace.
    enterOwnMountNamespace();
    const ExitStatus status = runTask(spec, gate, handles);
    writeDurably(handles.checkpoint, "exit", toJson(status).dump() + "\n");
    return 0;
  } catch (const std::exception& problem) {
    tell(gate, {{"state", "failed"}, {"message", problem.what()}});
    return 1;
  }
}

}  // namespace moorage::agent::executor
