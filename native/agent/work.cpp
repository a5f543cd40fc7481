#include "agent/work.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <filesystem>

#include "agent/error.hpp"

namespace moorage::agent {

Work openWork(const std::string& directory) {
  std::filesystem::create_directories(directory);
  Work work;
  work.path = std::filesystem::canonical(directory);
  std::filesystem::create_directories(work.sandboxes());
  const auto file = work.path + "/lock";
  work.lock = Fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!work.lock) throw systemError("open " + file);
  if (::flock(work.lock.get(), LOCK_EX | LOCK_NB) == 0) return work;
  if (errno != EWOULDBLOCK) throw systemError("lock " + file);
  throw std::runtime_error("another agent works in " + work.path + " (it holds " + file + "); end it, or give another --work");
}

}  // namespace moorage::agent
