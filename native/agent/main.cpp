#include <cstdio>
#include <cstring>

#include "agent/agent.hpp"
#include "agent/error.hpp"
#include "agent/executor/execute.hpp"
#include "agent/report.hpp"

namespace {

using namespace moorage::agent;

constexpr int exitFailed = 1;
constexpr int exitUsage = 2;

std::vector<App> readApps(const Options& options) {
  std::vector<App> apps;
  for (const auto& path : options.apps) {
    apps.push_back(readApp(path));
    requireRunnable(apps.back());
  }
  return apps;
}

int runAgent(int argc, char** argv) {
  const Options options = parseOptions(argc, argv);
  if (options.help) {
    static_cast<void>(std::fputs(helpText, stdout));
    return 0;
  }
  // All apps are read before anything is begun, so that a wrong one leaves nothing behind.
  std::vector<App> apps = readApps(options);
  Agent agent(options, std::move(apps), openStopSignals());
  return agent.run();
}

}  // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): for want of memory alone, when there is none to say so either
int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], executor::verb) == 0) return executor::execute();
  try {
    return runAgent(argc, argv);
  } catch (const UsageError& problem) {
    say(problem.what());
    return exitUsage;
  } catch (const std::exception& problem) {
    say(problem.what());
    return exitFailed;
  }
}
