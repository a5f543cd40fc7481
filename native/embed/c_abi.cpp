#include <dlfcn.h>
#include <stddef.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "effects/error.hpp"
#include "embed/host_thread.hpp"
#include "embed/preconditions.hpp"
#include "embed/session.hpp"
#include "embed/supervisor.hpp"
#include "moorage.h"

struct moorage_isolator {
  std::shared_ptr<moorage::Session> session;
  pthread_t supervisor;
};

namespace {

using moorage::Session;
using moorage::SessionOptions;

std::atomic<bool> isOpen{false};

/** The isolator that takes calls. A pointer of a caller is compared with it, and never followed: another thread may close at any time. */
std::mutex currentLock;
moorage_isolator* current = nullptr;

void setCurrent(moorage_isolator* isolator) {
  const std::lock_guard lock(currentLock);
  current = isolator;
}

/** Null when it is closed. */
std::shared_ptr<Session> sessionOf(const moorage_isolator* isolator) {
  const std::lock_guard lock(currentLock);
  return isolator != nullptr && isolator == current ? isolator->session : nullptr;
}

/** For the one that closes it; null for whoever comes later. */
std::unique_ptr<moorage_isolator> takeCurrent(const moorage_isolator* isolator) {
  const std::lock_guard lock(currentLock);
  if (isolator == nullptr || isolator != current) return nullptr;
  return std::unique_ptr<moorage_isolator>(std::exchange(current, nullptr));
}

/** The path of a file beside this library. */
std::string besideLibrary(const char* name) {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&moorage_abi), &info) == 0 || info.dli_fname == nullptr) return name;
  return std::filesystem::absolute(info.dli_fname).parent_path() / name;
}

std::string absoluteOr(const char* path, const char* sibling) {
  return path != nullptr ? std::filesystem::absolute(path).string() : besideLibrary(sibling);
}

/** The fields that the caller's version of the struct has. */
SessionOptions readOptions(const moorage_options& given) {
  moorage_options known{};
  memcpy(&known, &given, std::min<size_t>(given.size, sizeof known));
  SessionOptions options;
  options.config = std::filesystem::absolute(known.config);
  options.stateDir = std::filesystem::absolute(known.stateDir);
  options.hostBundle = absoluteOr(known.hostBundle, "host.cjs");
  options.policy = absoluteOr(known.policy, "policy.wasm");
  if (known.startMs != 0) options.startMs = known.startMs;
  if (known.callMs != 0) options.callMs = known.callMs;
  if (known.stuckMs != 0) options.stuckMs = known.stuckMs;
  options.notice = known.notice;
  options.log = known.log;
  options.context = known.context;
  return options;
}

std::string checkOptions(const moorage_options* options) {
  if (options == nullptr) return "moorage_open was given no options";
  if (options->size < offsetof(moorage_options, hostBundle)) return "moorage_options.size is too small; set it to sizeof(moorage_options)";
  if (options->config == nullptr || options->stateDir == nullptr) return "moorage_options.config and .stateDir must be given";
  return {};
}

/** Empty when it cannot be read; then the host says so. */
std::string textOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string makeStateDir(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::create_directories(path, error)) {
    return error ? "the state directory " + path + " cannot be made: " + error.message() : "";
  }
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  return error ? "the state directory " + path + " cannot be given mode 0700: " + error.message() : "";
}

std::string start(const std::shared_ptr<Session>& session, pthread_t& supervisor) {
  const int error = moorage::startSupervisor(session, supervisor);
  if (error != 0) return "the thread that looks after the host could not be made: " + moorage::describeErrno(error);
  std::string failure = session->waitStarted();
  if (failure.empty()) return failure;
  pthread_join(supervisor, nullptr);
  session->silence();
  return failure;
}

/** Throws nothing of its own, but std::bad_alloc and std::filesystem's. */
moorage_isolator* open(const moorage_options* given, std::string& failure) {
  failure = checkOptions(given);
  if (!failure.empty()) return nullptr;
  SessionOptions options = readOptions(*given);
  failure = moorage::findObstacle(options);
  if (failure.empty()) failure = makeStateDir(options.stateDir);
  if (!failure.empty()) return nullptr;
  options.hostSource = textOf(options.hostBundle);
  const auto session = std::make_shared<Session>(options);
  pthread_t supervisor{};
  failure = start(session, supervisor);
  return failure.empty() ? new moorage_isolator{session, supervisor} : nullptr;
}

void report(const std::string& text, char* error, size_t errorSize) {
  if (error == nullptr || errorSize == 0) return;
  const size_t size = std::min(text.size(), errorSize - 1);
  memcpy(error, text.data(), size);
  error[size] = '\0';
}

}  // namespace

extern "C" {

uint32_t moorage_abi(void) { return MOORAGE_ABI; }

moorage_isolator* moorage_open(const moorage_options* options, char* error, size_t errorSize) {
  if (isOpen.exchange(true)) {
    report("moorage is open in this process already; close that one first", error, errorSize);
    return nullptr;
  }
  moorage_isolator* opened = nullptr;
  std::string failure;
  try {
    opened = open(options, failure);
  } catch (const std::exception& thrown) {
    failure = std::string("moorage could not be opened: ") + thrown.what();
  }
  if (opened == nullptr) {
    isOpen = false;
    report(failure, error, errorSize);
  }
  setCurrent(opened);
  return opened;
}

int moorage_call(moorage_isolator* isolator, const uint8_t* frame, size_t size, moorage_reply_fn reply, void* context) {
  try {
    const std::shared_ptr<Session> session = sessionOf(isolator);
    return session && session->call(frame, size, reply, context) ? 0 : -1;
  } catch (const std::exception&) {
    return -1;
  }
}

void moorage_close(moorage_isolator* isolator, uint32_t timeoutMs) {
  const std::unique_ptr<moorage_isolator> taken = takeCurrent(isolator);
  if (!taken) return;
  const std::shared_ptr<Session> session = taken->session;
  // From within a callback nobody could be waited for: the threads end as soon as it has returned.
  const bool inCallback = moorage::onHostThread() || moorage::onSupervisorThread();
  try {
    session->beginClose(inCallback ? 0 : timeoutMs);
    if (inCallback) session->answerAll("it was closed from a callback");
  } catch (const std::exception&) {
    // No memory for an answer: what is left to do is to end.
  }
  if (inCallback) {
    pthread_detach(taken->supervisor);
  } else {
    pthread_join(taken->supervisor, nullptr);
  }
  session->silence();
  isOpen = false;
}

}  // extern "C"
