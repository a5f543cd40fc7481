#pragma once

#include <memory>
#include <string>
#include <vector>

#include <process/future.hpp>

#include "mesos/space.hpp"

namespace moorage::module {

/** What was found out about the volumes of one container. */
struct Gauged {
  std::vector<std::string> paths;
  std::vector<Space> spaces;
};

/**
 * Asks file systems how full they are, each container on a thread of its own: a storage that hangs holds up nobody but the
 * one who asks for it, and only one thread waits for it at a time.
 */
class Gauge {
 public:
  explicit Gauge(std::string root);

  /**
   * The space at `paths`, or when there are none at the managed mounts that process `pid` (0: none) has. Always ready after two
   * seconds at most, then without what did not answer.
   */
  process::Future<Gauged> ask(const std::string& id, std::vector<std::string> paths, int pid);

 private:
  struct Busy;
  std::string root_;
  /** Containers whose file systems are being asked; threads of a module that has ended may still hold it. */
  std::shared_ptr<Busy> busy_;
};

}  // namespace moorage::module
