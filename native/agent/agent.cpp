#include "agent/agent.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <filesystem>

#include "agent/commands.hpp"
#include "agent/error.hpp"
#include "agent/files.hpp"
#include "agent/json_fields.hpp"
#include "agent/notices.hpp"
#include "agent/report.hpp"

namespace moorage::agent {

using nlohmann::json;

namespace {

/** What effects in flight get to come to their end, when the agent ends. */
constexpr unsigned closeMs = 20000;

Event agentEvent(const char* state) {
  return {{"event", "agent"}, {"state", state}, {"pid", ::getpid()}, {"embedded", true}};
}

std::string orDefault(const std::string& given, const std::string& otherwise) {
  return given.empty() ? otherwise : std::filesystem::absolute(given).string();
}

/** libmoorage.so in the directory of this program. */
std::string libraryBeside() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "libmoorage.so";
}

}  // namespace

Fd openStopSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  errno = ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  if (errno != 0) throw systemError("pthread_sigmask");
  static_cast<void>(::signal(SIGPIPE, SIG_IGN));
  Fd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) throw systemError("signalfd");
  return signals;
}

Agent::Agent(const Options& options, std::vector<App> apps, Fd signals)
    : commands_(options.commands),
      apps_(std::move(apps)),
      signals_(std::move(signals)),
      input_(STDIN_FILENO),
      work_(openWork(options.work)),
      checkpoints_(work_.containers()),
      isolator_(orDefault(options.library, libraryBeside()),
                {std::filesystem::absolute(options.config), orDefault(options.state, work_.state()),
                 orDefault(options.hostBundle, ""), options.callMs, options.stuckMs},
                {[this](const frames::Limit& limit) {
                   reportLimit(limit);
                   tasks_.limit(limit);
                 },
                 reportAlert}),
      tasks_(isolator_, checkpoints_, work_.sandboxes()) {}

int Agent::run() {
  reportEvent(agentEvent("started"));
  tasks_.recover([this](const Recovered& found, const std::optional<frames::Error>& refusal) {
    onRecovered(found, refusal);
  });
  while (!isDone()) turn();
  isolator_.close(closeMs);
  const bool failed = tasks_.anyFailed() || (tasks_.anyKilled() && !commands_);
  reportEvent(agentEvent("stopped"));
  return failed ? 1 : 0;
}

bool Agent::isDone() const {
  const bool moreMayCome = commands_ && !input_.ended() && !stopping_;
  return recovered_ && tasks_.empty() && !moreMayCome;
}

void Agent::onRecovered(const Recovered& found, const std::optional<frames::Error>& refusal) {
  if (refusal) {
    throw std::runtime_error("the isolator refused to recover: " + refusal->message +
                             (refusal->hint.empty() ? "" : "; " + refusal->hint));
  }
  Event event = agentEvent("recovered");
  event["containers"] = found.containers;
  event["orphans"] = found.orphans;
  reportEvent(event);
  recovered_ = true;
  tasks_.resume();
  if (stopping_) return tasks_.killAll();
  launchApps();
}

void Agent::launchApps() {
  for (const auto& app : apps_) {
    if (tasks_.isRecovered(app.id)) {
      say(app.id + " still runs from before this start; it is not launched again");
    } else {
      tasks_.launch(app);
    }
  }
}

void Agent::turn() {
  std::vector<Watch> watches = tasks_.watches();
  watches.push_back({isolator_.fd(), [this] { isolator_.deliver(); }});
  watches.push_back({signals_.get(), [this] { onSignal(); }});
  if (commands_ && recovered_ && !input_.ended()) watches.push_back({input_.fd(), [this] { onCommands(); }});
  std::vector<pollfd> polled;
  polled.reserve(watches.size());
  for (const auto& watch : watches) polled.push_back({watch.fd, POLLIN, 0});
  if (::poll(polled.data(), polled.size(), tasks_.tickMs()) < 0 && errno != EINTR) throw systemError("poll");
  for (std::size_t index = 0; index < polled.size(); ++index) {
    if (polled[index].revents != 0) watches[index].act();
  }
  tasks_.tick();
}

void Agent::onSignal() {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
  say(info.ssi_signo == SIGINT ? "SIGINT: the tasks are killed" : "SIGTERM: the tasks are killed");
  stopAll();
}

void Agent::stopAll() {
  stopping_ = true;
  if (recovered_) tasks_.killAll();
}

void Agent::onCommands() {
  try {
    for (const auto& line : input_.read()) obey(line);
  } catch (const std::exception& problem) {
    reportBadCommand(problem.what());
  }
}

void Agent::obey(const std::string& line) {
  try {
    const Command command = parseCommand(line);
    if (const auto* launched = std::get_if<LaunchCommand>(&command)) launch(launched->app);
    if (const auto* killed = std::get_if<KillCommand>(&command)) {
      if (!tasks_.kill(killed->name)) throw UsageError("kill: no task has the app id or container id " + killed->name);
    }
    if (std::holds_alternative<StopCommand>(command)) stopAll();
  } catch (const UsageError& problem) {
    reportBadCommand(problem.what());
  }
}

void Agent::launch(const json& source) {
  try {
    if (stopping_) throw UsageError("the agent is stopping; nothing is launched any more");
    const App app = source.is_string() ? readApp(source.get<std::string>()) : parseApp(source);
    requireRunnable(app);
    tasks_.launch(app);
  } catch (const UsageError& problem) {
    const bool named = source.is_object() && source.contains("id");
    say(std::string("launch: ") + problem.what());
    tasks_.noteRefusal();
    reportEvent(refusedEvent(named ? source["id"] : json(nullptr), problem.what()));
  }
}

}  // namespace moorage::agent
