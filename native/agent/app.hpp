#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "frames/fields.hpp"

namespace moorage::agent {

/** A Marathon-style app: what one container runs, and with which volumes. */
// NOLINTNEXTLINE(bugprone-exception-escape): what it sees thrown in the move of a JSON value are assertions of the library
struct App {
  std::string id;
  std::string cmd;
  frames::Pairs env;
  frames::Pairs labels;
  std::optional<std::string> user;
  std::optional<std::string> rootfs;
  std::vector<frames::VolumeRequest> volumes;
  frames::Resources resources;
  /** As it was given; what the checkpoint keeps. */
  nlohmann::json source;
};

/** Reads an app object. Throws UsageError that names the field and what is wrong with it. */
App parseApp(const nlohmann::json& source);

/** Reads an app file. Throws UsageError that names the file, too. */
App readApp(const std::string& path);

/** Parses JSON text. Throws UsageError: `what` is no JSON, and where it stops being so. */
nlohmann::json parseJson(const std::string& text, const std::string& what);

/** Checks what can change under a checkpointed app: its user and rootfs must be there. Throws UsageError. */
void requireRunnable(const App& app);

/** The app in a frame. */
frames::Container containerOf(const App& app, const std::string& id, const std::string& sandbox);

/** The app in a recover frame. */
frames::RecoveredContainer recoveredOf(const App& app, const std::string& id, const std::string& sandbox, int pid);

}  // namespace moorage::agent
