#include "mesos/session.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <memory>
#include <stdexcept>

#include <glog/logging.h>

#include "client/refusal.hpp"

namespace moorage::module {

namespace {

using ReplyPromise = process::Promise<frames::Reply>;

constexpr const char* whereElse = "install it beside the module, or name it with the module parameter library";

/** An object of this library, to ask the linker where it lies. */
const char here = 0;

std::string libraryBeside() {
  Dl_info info{};
  if (::dladdr(&here, &info) == 0) throw std::runtime_error("cannot tell where this module lies; name the library");
  return std::filesystem::canonical(info.dli_fname).parent_path() / "libmoorage.so";
}

const char* orNull(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

void onReply(void* context, const std::uint8_t* frame, std::size_t size) {
  const std::unique_ptr<ReplyPromise> promise(static_cast<ReplyPromise*>(context));
  promise->set(frames::readReply(frame, size));
}

void onLog(void*, const char* level, const char* text) {
  const std::string name = level;
  if (name == "error") {
    LOG(ERROR) << "moorage: " << text;
  } else if (name == "warn") {
    LOG(WARNING) << "moorage: " << text;
  } else if (name == "info") {
    LOG(INFO) << "moorage: " << text;
  } else {
    VLOG(1) << "moorage: " << text;
  }
}

}  // namespace

Session::Session(const Settings& settings, std::function<void(const frames::Limit&)> onLimit)
    : onLimit_(std::move(onLimit)),
      library_(client::loadLibrary(settings.library.empty() ? libraryBeside() : settings.library, whereElse)) {
  moorage_options options{};
  options.size = sizeof options;
  options.config = settings.config.c_str();
  options.stateDir = settings.stateDir.c_str();
  options.hostBundle = orNull(settings.hostBundle);
  options.policy = orNull(settings.policy);
  options.startMs = settings.startMs;
  options.callMs = settings.callMs;
  options.stuckMs = settings.stuckMs;
  options.notice = onNotice;
  options.log = onLog;
  options.context = this;
  char error[1024] = "";
  handle_ = library_.open(&options, error, sizeof error);
  if (handle_ == nullptr) throw std::runtime_error(error);
}

Session::~Session() { close(0); }

process::Future<frames::Reply> Session::call(const frames::Bytes& frame) {
  auto promise = std::make_unique<ReplyPromise>();
  const auto future = promise->future();
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  if (handle_ == nullptr || library_.call(handle_, frame.data(), frame.size(), onReply, promise.get()) != 0) {
    return client::notTaken(frame);
  }
  static_cast<void>(promise.release());
  return future;
}

void Session::close(unsigned timeoutMs) {
  moorage_isolator* handle = nullptr;
  {
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    handle = std::exchange(handle_, nullptr);
  }
  if (handle != nullptr) library_.close(handle, timeoutMs);
}

void Session::onNotice(void* context, const std::uint8_t* frame, std::size_t size) {
  const auto notice = frames::readNotice(frame, size);
  if (const auto* limit = std::get_if<frames::Limit>(&notice)) static_cast<Session*>(context)->onLimit_(*limit);
  // Alerts are in the log already; one that cannot be read was made here.
  const auto* alert = std::get_if<frames::Alert>(&notice);
  if (alert != nullptr && alert->code == "bad-frame") LOG(ERROR) << "moorage: " << alert->message;
}

}  // namespace moorage::module
