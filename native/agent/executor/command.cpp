#include "agent/executor/command.hpp"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "agent/error.hpp"

namespace moorage::agent::executor {

namespace {

constexpr const char* shell = "/bin/sh";

/** Text in the form that execve takes, built before the fork. */
class Strings {
 public:
  explicit Strings(std::vector<std::string> texts) : texts_(std::move(texts)) {
    for (auto& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  Strings(const Strings&) = delete;
  Strings& operator=(const Strings&) = delete;
  char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

std::vector<std::string> assignments(const frames::Pairs& env) {
  std::vector<std::string> out;
  for (const auto& [name, value] : env) out.push_back(name + "=" + value);
  return out;
}

/** What the child writes to its parent when it does not come to run the shell. */
struct Failure {
  int number = 0;
  char step[32] = "";
};

[[noreturn]] void giveUp(int report, const char* step) {
  Failure failure;
  failure.number = errno;
  std::strncpy(failure.step, step, sizeof failure.step - 1);
  static_cast<void>(!::write(report, &failure, sizeof failure));
  ::_exit(127);
}

void resetSignals() {
  for (int signal = 1; signal < NSIG; ++signal) static_cast<void>(::signal(signal, SIG_DFL));
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

const char* becomeUser(const User& user) {
  if (::setgroups(user.groups.size(), user.groups.data()) != 0) return "setgroups";
  if (::setresgid(user.gid, user.gid, user.gid) != 0) return "setgid";
  if (::setresuid(user.uid, user.uid, user.uid) != 0) return "setuid";
  return nullptr;
}

[[noreturn]] void runShell(const Spec& spec, const Stage& stage, const Fd& input, pid_t supervisor, int report,
                           const Strings& arguments, const Strings& environment) {
  if (::setsid() < 0) giveUp(report, "setsid");
  if (::fchdir(stage.sandbox.get()) != 0) giveUp(report, "chdir to the sandbox");
  if (::dup2(input.get(), 0) < 0 || ::dup2(stage.output.get(), 1) < 0 || ::dup2(stage.errors.get(), 2) < 0) {
    giveUp(report, "dup2");
  }
  if (::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) != 0) giveUp(report, "close_range");
  if (spec.user) {
    if (const char* step = becomeUser(*spec.user)) giveUp(report, step);
  }
  // After the change of user, which takes this back.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) giveUp(report, "prctl");
  if (::getppid() != supervisor) ::_exit(127);
  resetSignals();
  ::execve(shell, arguments.get(), environment.get());
  giveUp(report, "exec of /bin/sh");
}

}  // namespace

pid_t startCommand(const Spec& spec, const Stage& stage) {
  const Strings arguments({"sh", "-c", spec.cmd});
  const Strings environment(assignments(spec.env));
  const Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!input) throw systemError("open /dev/null");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw systemError("pipe");
  const Fd reader(ends[0]);
  Fd writer(ends[1]);
  const pid_t supervisor = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw systemError("fork");
  if (child == 0) runShell(spec, stage, input, supervisor, writer.get(), arguments, environment);
  writer.reset();
  Failure failure;
  if (::read(reader.get(), &failure, sizeof failure) != sizeof failure) return child;
  ::waitpid(child, nullptr, 0);
  throw systemError(std::string("cannot start the command: ") + failure.step, failure.number);
}

}  // namespace moorage::agent::executor
