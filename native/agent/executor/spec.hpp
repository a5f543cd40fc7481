#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "agent/user.hpp"
#include "frames/answers.hpp"
#include "frames/fields.hpp"

namespace moorage::agent::executor {

/** Descriptors that the agent leaves open in its supervisor: the talk between the two, and the spec. */
inline constexpr int gateNumber = 3;
inline constexpr int specNumber = 4;

/** Where the sandbox is seen in a container with a rootfs; the path that Mesos uses. */
inline constexpr const char* sandboxInRootfs = "/mnt/mesos/sandbox";

/** All that a supervisor must know of its task. */
struct Spec {
  std::string id;
  /** Absolute paths on the agent's side. */
  std::string sandbox;
  std::optional<std::string> rootfs;
  /** Where the exit status goes. */
  std::string checkpoint;
  std::vector<frames::Mount> mounts;
  std::string cmd;
  /** The whole environment of the command. */
  frames::Pairs env;
  std::optional<User> user;
};

nlohmann::json toJson(const Spec& spec);

/** Throws a JSON exception, or std::range_error. */
Spec specFromJson(const nlohmann::json& json);

}  // namespace moorage::agent::executor
