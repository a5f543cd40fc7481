#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "agent/app.hpp"
#include "agent/checkpoint.hpp"
#include "agent/exit_status.hpp"
#include "agent/report.hpp"
#include "effects/fd.hpp"
#include "frames/answers.hpp"

namespace moorage::agent {

using Clock = std::chrono::steady_clock;

/**
 * Where a task stands. From every phase before `clearing` it can go there; the last two are walked by all.
 *
 *     preparing -> spawned -> isolating -> released -> running -> clearing -> cleaning
 */
enum class Phase {
  /** Waits for the reply to prepare. */
  preparing,
  /** Its supervisor was started and is not in its own mount namespace yet. */
  spawned,
  /** Waits for the reply to isolate; nothing of the task runs. */
  isolating,
  /** The supervisor was told to go. */
  released,
  running,
  /** The supervisor is gone; no process of the container may be left before cleanup. */
  clearing,
  /** Its end was reported; waits for the reply to cleanup. */
  cleaning,
};

/** One container of this agent. */
struct Task {
  std::string id;
  /** None: an orphan whose checkpoint cannot be read. */
  std::optional<App> app;
  std::string sandbox;
  Phase phase = Phase::preparing;
  std::vector<frames::Mount> mounts;
  /** Taken over from an agent before this one. */
  bool recovered = false;
  /** Of the supervisor. */
  Fd process;
  Fd gate;
  std::optional<ProcessRecord> record;
  /** Somebody asked for its end. */
  bool killAsked = false;
  /** Why the task failed, other than by its own exit code; empty: it did not. */
  std::string failure;
  /** The policy's code of that failure. */
  std::string failureCode;
  /** When to look at it again though nothing happens. */
  std::optional<Clock::time_point> lookAt;
};

/** The task line for stdout. */
Event taskEvent(const Task& task, const char* state);

/** The line of a task whose command runs: with its pid, where that is known. */
Event runningEvent(const Task& task);

/** The line of a task that has ended; `exit` is what its supervisor left. */
Event endEvent(const Task& task, const std::optional<ExitStatus>& exit);

/** The line of a launch that never became a task. */
Event refusedEvent(const nlohmann::json& appId, const std::string& message);

}  // namespace moorage::agent
