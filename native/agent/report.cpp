#include "agent/report.hpp"

#include "agent/files.hpp"

namespace moorage::agent {

using nlohmann::json;

void reportEvent(const Event& event) {
  static bool open = true;
  if (!open) return;
  try {
    writeAll(STDOUT_FILENO, event.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
  } catch (const std::exception& problem) {
    open = false;
    say(std::string("stdout: ") + problem.what() + "; no further events are written there");
  }
}

void say(const std::string& words) {
  try {
    writeAll(STDERR_FILENO, "moorage-agent: " + words + "\n");
  } catch (const std::exception&) {
    // There is nobody left to tell.
  }
}

}  // namespace moorage::agent
