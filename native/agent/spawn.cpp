#include "agent/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/error.hpp"
#include "agent/executor/execute.hpp"
#include "agent/executor/gate.hpp"
#include "agent/files.hpp"
#include "agent/process.hpp"

namespace moorage::agent {

namespace {

/** Above the numbers that the supervisor gets, so that giving it one does not overwrite another. */
Fd raised(const Fd& file) {
  Fd high(::fcntl(file.get(), F_DUPFD_CLOEXEC, executor::specNumber + 1));
  if (!high) throw systemError("dup");
  return high;
}

Fd specFile(const executor::Spec& spec) {
  // In memory, since the environment of a task may hold secrets.
  Fd file(::memfd_create("moorage-spec", MFD_CLOEXEC));
  if (!file) throw systemError("memfd_create");
  writeAll(file.get(), executor::toJson(spec).dump());
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw systemError("lseek");
  return file;
}

/** posix_spawn's two helpers with their lifetimes. */
class Plan {
 public:
  Plan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~Plan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

void require(int error, const char* step) {
  if (error != 0) throw systemError(step, error);
}

}  // namespace

Supervisor spawnSupervisor(const executor::Spec& spec) {
  executor::GatePair gates = executor::makeGate();
  const Fd gate = raised(gates.supervisor);
  const Fd file = raised(specFile(spec));
  Plan plan;
  require(::posix_spawn_file_actions_addopen(&plan.actions, 0, "/dev/null", O_RDWR, 0), "plan /dev/null");
  for (const int number : {1, 2}) require(::posix_spawn_file_actions_adddup2(&plan.actions, 0, number), "plan dup2");
  require(::posix_spawn_file_actions_adddup2(&plan.actions, gate.get(), executor::gateNumber), "plan dup2");
  require(::posix_spawn_file_actions_adddup2(&plan.actions, file.get(), executor::specNumber), "plan dup2");
  require(::posix_spawn_file_actions_addclosefrom_np(&plan.actions, executor::specNumber + 1), "plan closefrom");
  // A session of its own: what the agent's terminal sends does not reach the task.
  require(::posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSID), "plan setsid");
  const char* const arguments[] = {"moorage-agent", executor::verb, spec.id.c_str(), nullptr};
  Supervisor supervisor;
  // The child shares memory until it execs, so it costs the same however large the agent is.
  require(::posix_spawn(&supervisor.pid, "/proc/self/exe", &plan.actions, &plan.attributes,
                        const_cast<char* const*>(arguments), environ),
          "start the supervisor");
  supervisor.gate = std::move(gates.agent);
  supervisor.process = openPidfd(supervisor.pid);
  if (!supervisor.process) throw systemError("pidfd_open of the supervisor");
  return supervisor;
}

}  // namespace moorage::agent
