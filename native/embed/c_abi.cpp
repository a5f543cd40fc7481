#include <dlfcn.h>
#include <stddef.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>

#include "effects/error.hpp"
#include "embed/host_thread.hpp"
#include "embed/preconditions.hpp"
#include "embed/session.hpp"
#include "moorage.h"

struct moorage_isolator {
  std::shared_ptr<moorage::Session> session;
  pthread_t thread;
};

namespace {

using moorage::Session;
using moorage::SessionOptions;

// How long a stopped host may take to clean up, before it is left behind.
constexpr uint32_t endMs = 5000;

std::atomic<bool> isOpen{false};

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

std::string makeStateDir(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::create_directories(path, error)) {
    return error ? "the state directory " + path + " cannot be made: " + error.message() : "";
  }
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  return error ? "the state directory " + path + " cannot be given mode 0700: " + error.message() : "";
}

/** Stops the host and answers what is open; one that does not end is left behind and may never call back. */
void endHost(const std::shared_ptr<Session>& session, pthread_t thread) {
  session->stopHost();
  if (session->waitEnded(endMs)) {
    pthread_join(thread, nullptr);
  } else {
    pthread_detach(thread);
    session->log("error", "the host does not end; its thread is left behind");
    session->down("it was closed and did not end");
  }
  session->silence();
}

std::string start(const std::shared_ptr<Session>& session, pthread_t& thread) {
  const int error = moorage::startHostThread(session, thread);
  if (error != 0) return "the thread of the host could not be made: " + moorage::describeErrno(error);
  std::string failure = session->waitStarted();
  if (!failure.empty()) endHost(session, thread);
  return failure;
}

/** Throws nothing of its own, but std::bad_alloc and std::filesystem's. */
moorage_isolator* open(const moorage_options* given, std::string& failure) {
  failure = checkOptions(given);
  if (!failure.empty()) return nullptr;
  const SessionOptions options = readOptions(*given);
  failure = moorage::findObstacle(options);
  if (failure.empty()) failure = makeStateDir(options.stateDir);
  if (!failure.empty()) return nullptr;
  const auto session = std::make_shared<Session>(options);
  pthread_t thread{};
  failure = start(session, thread);
  return failure.empty() ? new moorage_isolator{session, thread} : nullptr;
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
  return opened;
}

int moorage_call(moorage_isolator* isolator, const uint8_t* frame, size_t size, moorage_reply_fn reply, void* context) {
  try {
    return isolator != nullptr && isolator->session->call(frame, size, reply, context) ? 0 : -1;
  } catch (const std::exception&) {
    return -1;
  }
}

void moorage_close(moorage_isolator* isolator, uint32_t timeoutMs) {
  if (isolator == nullptr) return;
  const std::shared_ptr<Session> session = isolator->session;
  try {
    session->beginClose();
    // On the host thread nobody could be waited for: it ends as soon as the callback has returned. Nothing comes after us.
    if (moorage::onHostThread()) {
      pthread_detach(isolator->thread);
      session->stopHost();
      session->down("it was closed from a callback");
      session->silence();
    } else {
      session->waitClosed(timeoutMs);
      endHost(session, isolator->thread);
    }
  } catch (const std::exception&) {
    session->stopHost();
  }
  delete isolator;
  isOpen = false;
}

}  // extern "C"
