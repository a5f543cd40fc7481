#pragma once

#include <string>
#include <utility>
#include <vector>

namespace moorage::module {

/** The parameters of the module, with their defaults. */
struct Settings {
  /** The isolator's configuration, JSON. */
  std::string config;
  std::string stateDir = "/var/lib/moorage-agent/state";
  /** libmoorage.so; empty: beside the module. */
  std::string library;
  /** host.cjs and policy.wasm; empty: beside the library. */
  std::string hostBundle;
  std::string policy;
  /** As in moorage_options; 0: the library's own. */
  unsigned startMs = 0;
  unsigned callMs = 0;
  unsigned stuckMs = 0;
  /** Whether volumes of type DOCKER_VOLUME are moorage's; else only labels and environment are. */
  bool dockerVolumes = true;
  /** Where a container with an image sees its sandbox; empty: as the agent's flag says. */
  std::string sandboxDirectory;
};

/** Reads the parameters of the modules file. Throws std::runtime_error that names the parameter, and what it must be. */
Settings readSettings(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace moorage::module
