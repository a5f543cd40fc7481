#include "agent/leftovers.hpp"

#include <signal.h>
#include <unistd.h>

#include "agent/environment.hpp"
#include "agent/files.hpp"

namespace moorage::agent {

namespace {

bool hasContainerId(pid_t pid, const std::string& id) {
  const std::string wanted = std::string(containerIdVariable) + "=" + id;
  try {
    const auto text = readFile("/proc/" + std::to_string(pid) + "/environ").value_or("");
    // Assignments are separated by NUL bytes.
    return (std::string(1, '\0') + text).find(std::string(1, '\0') + wanted + std::string(1, '\0')) != std::string::npos;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

std::size_t killLeftovers(const std::string& id, const MountNamespace& mountNamespace) {
  const Fd proc = openProc();
  if (mountNamespace.inode == 0 || mountNamespaceOf(proc, ::getpid()) == mountNamespace) return 0;
  std::size_t count = 0;
  for (const pid_t pid : processIds(proc)) {
    // A pidfd before the question, so that the answer and the signal are of the same process.
    const auto stat = statOf(proc, pid);
    const Fd process = stat ? openProcess(proc, pid, stat->startTime) : Fd();
    if (!process) continue;
    // The inode of a namespace is given again, its unique number is not. Who went into a further namespace has the variable.
    const bool inside = mountNamespace.unique != 0 && mountNamespaceOf(proc, pid) == mountNamespace;
    if (!inside && !hasContainerId(pid, id)) continue;
    signalProcess(process, SIGKILL);
    ++count;
  }
  return count;
}

}  // namespace moorage::agent
