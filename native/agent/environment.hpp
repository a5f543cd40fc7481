#pragma once

#include <string>

#include "agent/app.hpp"

namespace moorage::agent {

inline constexpr const char* containerIdVariable = "MESOS_CONTAINER_ID";

/**
 * A task's whole environment: the agent's PATH, what the app sets, and over both MESOS_SANDBOX (as the task sees it)
 * and MESOS_CONTAINER_ID.
 */
frames::Pairs taskEnvironment(const App& app, const std::string& id, const std::string& sandbox);

}  // namespace moorage::agent
