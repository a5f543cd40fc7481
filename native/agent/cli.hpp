#pragma once

#include <string>
#include <vector>

namespace moorage::agent {

struct Options {
  /** Configuration of the isolator, JSON. */
  std::string config;
  /** Directory of sandboxes and checkpoints. */
  std::string work;
  /** libmoorage.so; empty: beside this program. */
  std::string library;
  /** The isolator's journal; empty: `state` in the work directory. */
  std::string state;
  /** host.cjs; empty: beside the library. */
  std::string hostBundle;
  /** Limits for a host that died or is stuck, milliseconds; 0: the library's own. */
  unsigned callMs = 0;
  unsigned stuckMs = 0;
  /** Commands are read from stdin. */
  bool commands = false;
  bool help = false;
  std::vector<std::string> apps;
};

/** Reads the command line. Throws UsageError. */
Options parseOptions(int argc, char** argv);

/** What --help prints. */
extern const char* const helpText;

}  // namespace moorage::agent
