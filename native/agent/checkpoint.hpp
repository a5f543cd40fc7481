#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/app.hpp"
#include "agent/exit_status.hpp"
#include "agent/process.hpp"
#include "frames/answers.hpp"

/**
 * What is on disk of a container, in DIR/containers/<id>/:
 *
 *     container.json   before prepare: what it is; without it the container is an orphan without a name
 *     process.json     before isolate: its supervisor; once more when the command runs
 *     exit             by the supervisor: how the task ended
 */
namespace moorage::agent {

struct ProcessRecord {
  pid_t pid = 0;
  std::uint64_t startTime = 0;
  MountNamespace mountNamespace;
  /** The task's shell; 0: it was not seen running. */
  pid_t command = 0;
  /** What was mounted for it. */
  std::vector<frames::Mount> mounts;
};

/** A container that an agent before this one left. */
struct Checkpoint {
  std::string id;
  std::optional<App> app;
  std::string sandbox;
  /** Of the machine when the container was made known. */
  std::string bootId;
  std::optional<ProcessRecord> process;
  /** What could not be read, as a sentence; empty when all is well. */
  std::string problem;
};

/** The checkpoints of one work directory. All functions throw when the disk does not do as told. */
class Checkpoints {
 public:
  /** Takes DIR/containers, made when it is missing. */
  explicit Checkpoints(std::string directory);

  /** Makes the container known. Nothing must have been begun for it. */
  void add(const std::string& id, const App& app, const std::string& sandbox, const std::string& bootId);
  void saveProcess(const std::string& id, const ProcessRecord& process);
  /** What the supervisor left; none as long as it left nothing. */
  std::optional<ExitStatus> exitOf(const std::string& id) const;
  /** Forgets the container. */
  void remove(const std::string& id);
  /** All that are there, in the order of their ids. What cannot be read is named in `problem`. */
  std::vector<Checkpoint> list() const;
  /** The directory of a container. */
  std::string pathOf(const std::string& id) const;

 private:
  Checkpoint read(const std::string& id) const;

  std::string directory_;
};

}  // namespace moorage::agent
