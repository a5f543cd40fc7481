#include "effects/driver_transport.hpp"

#include <pthread.h>

#include <algorithm>
#include <new>

#include "effects/signals.hpp"

namespace moorage {
namespace {

constexpr int pollMs = 60000;

CURLM* makeMulti() {
  // Nothing but plain HTTP is spoken: the TLS library of the program that we live in stays untouched.
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_NOTHING);
  CURLM* multi = ready == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) throw std::bad_alloc();
  return multi;
}

}  // namespace

DriverTransport::DriverTransport() : multi_(makeMulti()) {
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

DriverTransport::~DriverTransport() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  curl_multi_wakeup(multi_);
  thread_.join();
  curl_multi_cleanup(multi_);
}

void DriverTransport::post(DriverRequest request, DriverCall::Done done) {
  auto call = std::make_unique<DriverCall>(std::move(request), std::move(done));
  {
    const std::lock_guard lock(mutex_);
    submitted_.push_back(std::move(call));
  }
  curl_multi_wakeup(multi_);
}

void DriverTransport::run() {
  pthread_setname_np(pthread_self(), "moorage-drivers");
  while (takeSubmitted()) {
    int running = 0;
    curl_multi_perform(multi_, &running);
    if (!finishEnded()) curl_multi_poll(multi_, nullptr, 0, pollMs, nullptr);
  }
  abandonAll();
}

/** Moves what was posted into its lanes. False when the transport shall end. */
bool DriverTransport::takeSubmitted() {
  std::vector<std::unique_ptr<DriverCall>> calls;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(submitted_);
    if (closed_) {
      for (auto& call : calls) lanes_[call->request().lane].queue.push_back(std::move(call));
      return false;
    }
  }
  for (auto& call : calls) {
    Lane& lane = lanes_[call->request().lane];
    lane.maxInFlight = std::max<size_t>(1, call->request().maxInFlight);
    lane.queue.push_back(std::move(call));
    startQueued(lane);
  }
  return true;
}

void DriverTransport::startQueued(Lane& lane) {
  while (!lane.queue.empty() && lane.inFlight < lane.maxInFlight) {
    std::unique_ptr<DriverCall> call = std::move(lane.queue.front());
    lane.queue.pop_front();
    startCall(lane, std::move(call));
  }
}

void DriverTransport::startCall(Lane& lane, std::unique_ptr<DriverCall> call) {
  try {
    CURL* easy = call->begin();
    const CURLMcode added = curl_multi_add_handle(multi_, easy);
    if (added != CURLM_OK) throw EffectError(FailureKind::failed, "internal", curl_multi_strerror(added));
    running_.emplace(easy, std::move(call));
    lane.inFlight++;
  } catch (const EffectError& error) {
    call->fail(error);
  } catch (const std::bad_alloc&) {
    call->fail(EffectError(FailureKind::unreachable, "ENOMEM", "no memory for a call to " + call->request().address));
  }
}

/** Reports the calls that ended and starts those that waited for their places. True when there were any. */
bool DriverTransport::finishEnded() {
  bool any = false;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    any = true;
    const CURLcode result = message->data.result;
    CURL* easy = message->easy_handle;
    curl_multi_remove_handle(multi_, easy);
    const std::unique_ptr<DriverCall> call = std::move(running_.extract(easy).mapped());
    const auto lane = lanes_.find(call->request().lane);
    lane->second.inFlight--;
    call->finish(result);
    startQueued(lane->second);
    if (lane->second.inFlight == 0 && lane->second.queue.empty()) lanes_.erase(lane);
  }
  return any;
}

void DriverTransport::abandonAll() {
  for (auto& [easy, call] : running_) {
    curl_multi_remove_handle(multi_, easy);
    call->abandon();
  }
  for (auto& [name, lane] : lanes_) {
    for (const auto& call : lane.queue) call->abandon();
  }
  running_.clear();
  lanes_.clear();
}

}  // namespace moorage
