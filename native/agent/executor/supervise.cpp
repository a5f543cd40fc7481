#include "agent/executor/supervise.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "agent/error.hpp"
#include "agent/executor/members.hpp"
#include "agent/process.hpp"

namespace moorage::agent::executor {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/** First and longest pause between two rounds of killing. */
constexpr milliseconds roundMs{2};
constexpr milliseconds roundMsMax{200};

struct Watch {
  explicit Watch(pid_t pid) : command(pid) {}

  pid_t command;
  /** Wait status of the command; -1 while it runs. */
  int status = -1;
  /** No child of any kind is left. */
  bool alone = false;
  /** Somebody wants it to end, by this time at the latest. */
  bool asked = false;
  Clock::time_point deadline = Clock::time_point::max();
};

void reap(Watch& watch) {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) {
      watch.alone = pid < 0 && errno == ECHILD;
      return;
    }
    if (pid == watch.command) watch.status = status;
  }
}

bool wasAskedToEnd(const Fd& signals) {
  bool asked = false;
  signalfd_siginfo info{};
  while (::read(signals.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGTERM) asked = true;
  }
  return asked;
}

void waitForSignal(const Watch& watch, const Fd& signals) {
  int timeoutMs = -1;
  if (watch.asked) {
    const auto left = std::chrono::ceil<milliseconds>(watch.deadline - Clock::now()).count();
    timeoutMs = static_cast<int>(std::max<long long>(left, 0));
  }
  pollfd readable{signals.get(), POLLIN, 0};
  ::poll(&readable, 1, timeoutMs);
}

/** The command is over, and, when it was asked to end, so is its grace or the last of its processes. */
bool isOver(const Watch& watch) {
  if (!watch.asked) return watch.status != -1;
  return Clock::now() >= watch.deadline || (watch.status != -1 && watch.alone);
}

}  // namespace

Fd openSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGCHLD);
  errno = ::pthread_sigmask(SIG_SETMASK, &set, nullptr);
  if (errno != 0) throw systemError("pthread_sigmask");
  Fd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) throw systemError("signalfd");
  return signals;
}

int killAll(pid_t command, const Fd& proc) {
  Watch watch(command);
  for (milliseconds pause = roundMs;; pause = std::min(pause * 2, roundMsMax)) {
    const auto members = containerMembers(proc);
    for (const auto& [pid, startTime] : members) {
      // By pidfd: since the listing the number may have gone to a process of somebody else.
      if (const Fd process = openProcess(proc, pid, startTime)) signalProcess(process, SIGKILL);
    }
    reap(watch);
    if (watch.alone && members.empty()) return watch.status;
    std::this_thread::sleep_for(pause);
  }
}

ExitStatus supervise(pid_t command, const Fd& signals, const Fd& proc) {
  Watch watch(command);
  while (!isOver(watch)) {
    waitForSignal(watch, signals);
    if (wasAskedToEnd(signals) && !watch.asked) {
      watch.asked = true;
      watch.deadline = Clock::now() + milliseconds(graceMs);
      ::kill(-command, SIGTERM);
    }
    reap(watch);
  }
  const int last = killAll(command, proc);
  ExitStatus status = fromWaitStatus(watch.status != -1 ? watch.status : last);
  status.killed = watch.asked;
  return status;
}

}  // namespace moorage::agent::executor
