#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <optional>

namespace moorage::frames {

/** Key and value in the order in which the task gave them; a key may come twice, as Mesos labels may. */
using Pairs = std::vector<std::pair<std::string, std::string>>;

/** One volume asked for in the container's own description (Mesos: a DOCKER_VOLUME). */
struct VolumeRequest {
  /** Name of a configured driver; empty: the default one. */
  std::string driver;
  std::string name;
  Pairs options;
  /** As the task wrote it: absolute, or relative to the sandbox. */
  std::string containerPath;
  bool readonly = false;
};

/** A Mesos scalar, or a Mesos SET. */
using ResourceValue = std::variant<double, std::vector<std::string>>;

using Resources = std::vector<std::pair<std::string, ResourceValue>>;

/** A container before it starts. */
struct Container {
  std::string id;
  Pairs labels;
  Pairs env;
  std::vector<VolumeRequest> volumes;
  Resources resources;
  /** Absolute path on the agent's side. */
  std::string sandbox;
  /** Absolute path on the agent's side; none: the container sees the agent's own file system. */
  std::optional<std::string> rootfs;
  /** The user that the task runs as. */
  std::optional<std::string> user;
};

/** A container that outlived the agent that started it. */
struct RecoveredContainer {
  std::string id;
  Pairs labels;
  Pairs env;
  std::vector<VolumeRequest> volumes;
  std::string sandbox;
  std::optional<std::string> rootfs;
  /** A process in the container's mount namespace, as `isolate` was told. */
  std::optional<int> pid;
};

}  // namespace moorage::frames
