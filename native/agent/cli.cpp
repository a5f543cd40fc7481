#include "agent/cli.hpp"

#include <getopt.h>

#include "agent/error.hpp"

namespace moorage::agent {

const char* const helpText = R"(Example:
  moorage-agent --config moorage.json --work /var/lib/moorage-agent extract.json load.json

Runs Marathon-style apps as containers whose external volumes libmoorage.so mounts and takes away.

Usage:
  moorage-agent --config FILE --work DIR [options] [APP.json ...]

  --config FILE    the isolator's configuration, JSON: agentId, root, drivers, ...
  --work DIR       sandboxes (DIR/sandboxes) and checkpoints (DIR/containers); one agent at a time
  --library FILE   libmoorage.so; default: beside this program
  --state DIR      the isolator's journal; default: DIR/state
  --host-bundle FILE   another host than host.cjs beside the library
  --call-ms N      how long a call may wait for a host that died to come back; default 60000
  --stuck-ms N     a host that gives no sign of life for so long is ended; default 10000
  --commands       read commands from stdin, one JSON object a line:
                     {"launch": {"id": "/etl/extract", "cmd": "...", ...}}   or   {"launch": "app.json"}
                     {"kill": "/etl/extract"}                                app id or container id
                     {"stop": true}                                          kill what runs, then end
                   the end of stdin lets the tasks that run come to their end
  --help           this text

Events go to stdout, one JSON object a line; words go to stderr.
SIGTERM and SIGINT kill the tasks, clean up and end the agent. After SIGKILL the tasks live on: start the agent with the
same --work again and it takes them over.

Exit code: 0 all tasks ended with 0; 1 one did not, or the agent could not go on; 2 the command line or an app is wrong.
)";

namespace {

enum Flag { config = 1, work, library, state, hostBundle, callMs, stuckMs, commands, help };

constexpr option flags[] = {
    {"config", required_argument, nullptr, config},   {"work", required_argument, nullptr, work},
    {"library", required_argument, nullptr, library}, {"state", required_argument, nullptr, state},
    {"host-bundle", required_argument, nullptr, hostBundle},
    {"call-ms", required_argument, nullptr, callMs},  {"stuck-ms", required_argument, nullptr, stuckMs},
    {"commands", no_argument, nullptr, commands},     {"help", no_argument, nullptr, help},
    {nullptr, 0, nullptr, 0}};

unsigned millisecondsOf(const char* name, const std::string& text) {
  const bool digits = !text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoul(text) == 0) {
    throw UsageError(std::string(name) + " needs a number of milliseconds above 0, not \"" + text + "\"");
  }
  return static_cast<unsigned>(std::stoul(text));
}

void take(Options& options, int flag, const char* argument) {
  switch (flag) {
    case config: options.config = argument; break;
    case work: options.work = argument; break;
    case library: options.library = argument; break;
    case state: options.state = argument; break;
    case hostBundle: options.hostBundle = argument; break;
    case callMs: options.callMs = millisecondsOf("--call-ms", argument); break;
    case stuckMs: options.stuckMs = millisecondsOf("--stuck-ms", argument); break;
    case commands: options.commands = true; break;
    case help: options.help = true; break;
  }
}

/** getopt names a wrong short option in optopt; a wrong long one is the argument that it has just passed. */
std::string unknownFlag(char** argv) {
  return optopt > help ? std::string("-") + static_cast<char>(optopt) : argv[optind - 1];
}

void requireWhole(const Options& options) {
  if (options.config.empty()) throw UsageError("--config FILE is missing; see moorage-agent --help");
  if (options.work.empty()) throw UsageError("--work DIR is missing; see moorage-agent --help");
}

}  // namespace

Options parseOptions(int argc, char** argv) {
  Options options;
  opterr = 0;
  for (;;) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread yet
    const int flag = ::getopt_long(argc, argv, ":", flags, nullptr);
    if (flag == -1) break;
    if (flag == ':') throw UsageError(std::string(argv[optind - 1]) + " needs a value; see moorage-agent --help");
    if (flag == '?') throw UsageError("unknown option " + unknownFlag(argv) + "; see moorage-agent --help");
    take(options, flag, optarg);
  }
  options.apps.assign(argv + optind, argv + argc);
  if (!options.help) requireWhole(options);
  return options;
}

}  // namespace moorage::agent
