/** What the reference agent and its supervisors leave for one another: checkpoints, exit statuses, specs, messages of the gate. */
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "agent/checkpoint.hpp"
#include "agent/executor/gate.hpp"
#include "agent/executor/spec.hpp"
#include "agent/exit_status.hpp"
#include "targets.hpp"

namespace moorage::fuzz {
namespace {

/** A directory of this process, gone with it. */
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("moorage-fuzz-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path / "c1"); }
  ~Folder() { std::filesystem::remove_all(path); }
};

const std::filesystem::path& folder() {
  static const Folder made;
  return made.path;
}

void write(const char* name, const std::string& text) {
  std::ofstream(folder() / "c1" / name, std::ios::binary | std::ios::trunc) << text;
}

/** One file takes the place of a good one, and the other is not there. */
void checkCheckpoint(const char* name, const char* other, const std::string& text) {
  std::filesystem::remove(folder() / "c1" / other);
  write(name, text);
  const auto found = agent::Checkpoints(folder()).list();
  must(found.size() == 1, "a container with a file that cannot be read is still there");
  const bool isRead = found[0].process || found[0].app;
  must(isRead == found[0].problem.empty(), "a file that cannot be read is told");
}

void checkExit(const std::string& text) {
  write("exit", text);
  try {
    static_cast<void>(agent::Checkpoints(folder()).exitOf("c1"));
  } catch (const std::runtime_error&) {
    // As its comment says.
  }
}

void checkSpec(const std::string& text) {
  try {
    const auto spec = agent::executor::specFromJson(nlohmann::json::parse(text));
    must(agent::executor::toJson(agent::executor::specFromJson(agent::executor::toJson(spec))) == agent::executor::toJson(spec), "a spec is read as it was written");
  } catch (const nlohmann::json::exception&) {
    // As its comment says.
  } catch (const std::range_error&) {
    // This, too.
  }
}

void checkGate(const std::string& text) {
  const auto gate = agent::executor::makeGate();
  if (::send(gate.supervisor.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return;
  nlohmann::json message;
  const bool isMessage = agent::executor::hear(gate.agent, message) == agent::executor::Heard::message;
  must(!isMessage || message.is_object(), "a message is an object");
}

}  // namespace

void tryRecords(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0]) {
    case 'p': checkCheckpoint("process.json", "container.json", text); break;
    case 'c': checkCheckpoint("container.json", "process.json", text); break;
    case 'e': checkExit(text); break;
    case 's': checkSpec(text); break;
    case 'g': checkGate(text); break;
    default: break;
  }
}

}  // namespace moorage::fuzz
