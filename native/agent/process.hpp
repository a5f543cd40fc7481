#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "effects/fd.hpp"

namespace moorage::agent {

/** What /proc/PID/stat tells (proc(5)). */
struct ProcessStat {
  char state = '?';
  pid_t parent = 0;
  /** Clock ticks since boot: with the pid it names a process for as long as the machine runs. */
  std::uint64_t startTime = 0;
};

/** None when there is no such process. `proc` is an open /proc. */
std::optional<ProcessStat> statOf(const Fd& proc, pid_t pid);

/** All process ids in `proc`. */
std::vector<pid_t> processIds(const Fd& proc);

/**
 * Names a mount namespace. `unique` is never given again in a boot (0 where the kernel has no such number); the inode
 * is.
 */
struct MountNamespace {
  std::uint64_t unique = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const MountNamespace& left, const MountNamespace& right) {
    return left.unique == right.unique && left.inode == right.inode;
  }
};

/** None when the process is gone, or a zombie: it has no namespaces any more. */
std::optional<MountNamespace> mountNamespaceOf(const Fd& proc, pid_t pid);

/** /proc, opened. Throws. */
Fd openProc();

/** A pidfd of whatever process has this pid now; none, with errno set, when there is none. It is closed on exec. */
Fd openPidfd(pid_t pid);

/** A pidfd of the process that has this pid and start time; none when that one is gone or a zombie. */
Fd openProcess(const Fd& proc, pid_t pid, std::uint64_t startTime);

/** Sends a signal through a pidfd; a process that is gone already is no failure. */
void signalProcess(const Fd& process, int signal);

/** Whether the process behind a pidfd has ended; takes it off the process table when it is a child of the caller. */
bool hasEnded(const Fd& process);

/** The kernel's random name of this boot. Throws. */
std::string currentBootId();

}  // namespace moorage::agent
