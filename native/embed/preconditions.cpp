#include "embed/preconditions.hpp"

#include <errno.h>
#include <node_version.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <mutex>

#include "effects/error.hpp"
#include "effects/signals.hpp"
#include "embed/heap_size.hpp"

namespace moorage {
namespace {

// Debian's libnode reads these at its start instead of carrying them.
constexpr const char* libnodeFiles[] = {
    "/usr/share/nodejs/cjs-module-lexer/lexer.js", "/usr/share/nodejs/cjs-module-lexer/dist/lexer.js",
    "/usr/share/nodejs/undici/undici-fetch.js",    "/usr/share/nodejs/acorn/dist/acorn.js",
    "/usr/share/nodejs/acorn-walk/dist/walk.js",
#if NODE_MAJOR_VERSION >= 20
    "/usr/share/nodejs/minimatch/dist/cjs/index.bundle.js",
#endif
};

#if NODE_MAJOR_VERSION >= 20
constexpr const char* libnodeFilesHint = "apt-get install node-acorn node-cjs-module-lexer node-minimatch node-undici";
#else
constexpr const char* libnodeFilesHint = "apt-get install node-acorn node-cjs-module-lexer node-undici";
#endif

// What a Node program gives to its Node children. libnode takes who has them for one: it aborts over a channel that is none, and never gets ready
// as the worker of a cluster.
constexpr const char* childVariables[] = {"NODE_CHANNEL_FD", "NODE_UNIQUE_ID"};

/** A limit of the process, what it is called, and how many bytes are enough. */
struct Needed {
  int resource;
  const char* name;
  rlim_t bytes;
};

// Measured: 1.2 GB of address space is fatal for V8, 2 GB are enough. Data are a full heap and the stacks of all threads.
constexpr Needed neededSpace[] = {
    {RLIMIT_AS, "address space (ulimit -v, LimitAS=)", 2'000'000'000},
    {RLIMIT_DATA, "data (ulimit -d, LimitDATA=)", 512'000'000},
};

// Host, supervisor, guard, drivers; two of V8's platform and its clock; four of libuv; and some for effects.
constexpr size_t threadsMin = 16;

std::string checkReadable(const char* what, const std::string& path, const char* hint) {
  if (::access(path.c_str(), R_OK) == 0) return {};
  return std::string(what) + " " + path + " cannot be read: " + describeErrno(errno) + "; " + hint;
}

std::string checkLibnodeFiles() {
  for (const char* file : libnodeFiles) {
    std::string obstacle = checkReadable("libnode's file", file, libnodeFilesHint);
    if (!obstacle.empty()) return obstacle;
  }
  return {};
}

std::string checkEnvironment() {
  for (const char* name : childVariables) {
    if (::getenv(name) == nullptr) continue;
    return std::string(name) + " is set in the agent's environment, as Node sets it for its children, and the embedded host would take the agent " +
           "for one; start it with: env -u " + name;
  }
  return {};
}

std::string checkSpace() {
  for (const auto& [resource, name, needed] : neededSpace) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= needed) continue;
    return std::string("the limit on ") + name + " is " + std::to_string(limit.rlim_cur) + " bytes, and the embedded host needs " +
           std::to_string(needed) + "; raise it";
  }
  return {};
}

std::string checkMemory() {
  const std::optional<MemoryLimit> limit = findMemoryLimit();
  if (!limit || limit->bytes >= memoryMinBytes) return {};
  return "the limit on the memory of the agent's group of processes is " + describe(*limit) + ", and the embedded host alone needs " +
         std::to_string(memoryMinBytes >> 20) + " MiB; raise it (MemoryMax=, docker run --memory)";
}

std::string checkExecutableMemory() {
  const auto size = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  void* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    return "memory cannot be made executable: " + describeErrno(errno) +
           "; the embedded host compiles code, so switch MemoryDenyWriteExecute= off for this daemon";
  }
  ::munmap(page, size);
  return {};
}

/** Lives until it is let go. */
class IdleThread {
 public:
  /** The errno of why there is none, or 0. */
  int start(std::mutex& gate) {
    gate_ = &gate;
    const SignalsBlocked blocked;
    const int error = pthread_create(&thread_, nullptr, wait, this);
    isRunning_ = error == 0;
    return error;
  }
  ~IdleThread() {
    if (isRunning_) pthread_join(thread_, nullptr);
  }

 private:
  static void* wait(void* self) {
    const std::lock_guard lock(*static_cast<IdleThread*>(self)->gate_);
    return nullptr;
  }

  std::mutex* gate_ = nullptr;
  pthread_t thread_{};
  bool isRunning_ = false;
};

/** V8 hangs, and libuv aborts, where a thread of theirs cannot be made: so many are made at once, and go again. */
std::string checkThreads() {
  std::mutex gate;
  std::array<IdleThread, threadsMin> threads;
  const std::lock_guard lock(gate);
  for (size_t i = 0; i < threads.size(); i++) {
    const int error = threads[i].start(gate);
    if (error == 0) continue;
    return "only " + std::to_string(i) + " threads of the " + std::to_string(threadsMin) +
           " that the embedded host needs can be made: " + describeErrno(error) +
           "; raise the limit on processes (ulimit -u, TasksMax=, pids.max)";
  }
  return {};
}

}  // namespace

std::string findObstacle(const SessionOptions& options) {
  std::string obstacle = checkReadable("the configuration", options.config, "give its path");
  if (obstacle.empty()) obstacle = checkReadable("the host bundle", options.hostBundle, "it belongs beside libmoorage.so; build it or give its path");
  if (obstacle.empty()) obstacle = checkReadable("the policy", options.policy, "it belongs beside libmoorage.so; build it or give its path");
  if (obstacle.empty()) obstacle = checkLibnodeFiles();
  if (obstacle.empty()) obstacle = checkEnvironment();
  if (obstacle.empty()) obstacle = checkSpace();
  if (obstacle.empty()) obstacle = checkMemory();
  if (obstacle.empty()) obstacle = checkExecutableMemory();
  if (obstacle.empty()) obstacle = checkThreads();
  return obstacle;
}

}  // namespace moorage
