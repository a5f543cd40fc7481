#include "effects/driver_transport.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <iterator>
#include <new>

#include "effects/signals.hpp"

namespace moorage {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds pollMax{60000};
/** A driver whose queue of connections is full is tried again after a pause that doubles. */
constexpr milliseconds pauseFirst{2};
constexpr milliseconds pauseMax{250};
constexpr size_t openFilesMax = 1 << 20;

/** How many calls may be under way whoever makes them. */
size_t firstComeOf() {
  rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  const size_t files = known ? std::min<size_t>(limit.rlim_cur, openFilesMax) : openFilesMax;
  return std::max<size_t>(4, files / 4);
}

CURLM* makeMulti() {
  // TLS needs nothing more: since 1.1 OpenSSL, which the program that we live in may use as well, sets itself up.
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_NOTHING);
  CURLM* multi = ready == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) throw std::bad_alloc();
  return multi;
}

}  // namespace

DriverTransport::DriverTransport() : multi_(makeMulti()), events_(multi_), firstCome_(firstComeOf()) {
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

void DriverTransport::stop() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  events_.wake();
}

DriverTransport::~DriverTransport() {
  stop();
  thread_.join();
  curl_multi_cleanup(multi_);
}

void DriverTransport::post(DriverRequest request, DriverCall::Done done) {
  auto call = std::make_unique<DriverCall>(std::move(request), std::move(done));
  {
    const std::lock_guard lock(mutex_);
    submitted_.push_back(std::move(call));
  }
  events_.wake();
}

void DriverTransport::run() {
  pthread_setname_np(pthread_self(), "moorage-drivers");
  while (takeSubmitted()) {
    const bool tried = tryWaiting();
    if (!finishEnded() && !tried) events_.wait(untilNext());
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
    const auto lane = lanes_.try_emplace(call->request().lane).first;
    lane->second.maxInFlight = std::max<size_t>(1, call->request().maxInFlight);
    lane->second.queue.push_back(std::move(call));
    next(lane);
  }
  return true;
}

/** Starts what the lane has places for; it goes when it has nothing to do. The lane after it. */
DriverTransport::Lanes::iterator DriverTransport::next(Lanes::iterator lane) {
  startQueued(lane->second);
  const bool idle = lane->second.inFlight == 0 && lane->second.queue.empty();
  return idle ? lanes_.erase(lane) : std::next(lane);
}

void DriverTransport::startQueued(Lane& lane) {
  while (!lane.queue.empty() && lane.inFlight < lane.maxInFlight) {
    if (!mayStart(lane)) {
      heldBack_ = true;
      return;
    }
    std::unique_ptr<DriverCall> call = std::move(lane.queue.front());
    lane.queue.pop_front();
    if (begin(std::move(call), pauseFirst)) lane.inFlight++;
  }
}

/** Whether there is an open file left for a call of this lane. */
bool DriverTransport::mayStart(const Lane& lane) const {
  const size_t share = std::max<size_t>(1, firstCome_ / lanes_.size());
  return lane.inFlight < share || running_.size() + waiting_.size() < firstCome_;
}

/** True when the call goes on; else its end is reported. */
bool DriverTransport::begin(std::unique_ptr<DriverCall> call, milliseconds pause) {
  try {
    CURL* easy = call->begin();
    const CURLMcode added = curl_multi_add_handle(multi_, easy);
    if (added != CURLM_OK) throw EffectError(FailureKind::failed, "internal", curl_multi_strerror(added));
    running_.emplace(easy, Running{std::move(call), pause});
    return true;
  } catch (const EffectError& error) {
    call->fail(error);
  } catch (const std::bad_alloc&) {
    call->fail(EffectError(FailureKind::unreachable, "ENOMEM", "no memory for a call to " + call->request().address));
  }
  return false;
}

void DriverTransport::wait(std::unique_ptr<DriverCall> call, milliseconds pause) {
  waiting_.push_back({std::move(call), steady_clock::now() + pause, std::min(pause * 2, pauseMax)});
}

/** Connects again where the time for it has come. True when there was any. */
bool DriverTransport::tryWaiting() {
  const auto now = steady_clock::now();
  const auto due = std::partition(waiting_.begin(), waiting_.end(), [now](const Waiting& one) { return one.at > now; });
  std::vector<Waiting> tried(std::make_move_iterator(due), std::make_move_iterator(waiting_.end()));
  waiting_.erase(due, waiting_.end());
  for (Waiting& waiting : tried) {
    const std::string lane = waiting.call->request().lane;
    if (!begin(std::move(waiting.call), waiting.pause)) freePlace(lane);
  }
  return !tried.empty();
}

/** How long there is nothing to be done unless something happens. */
milliseconds DriverTransport::untilNext() const {
  auto at = steady_clock::now() + pollMax;
  for (const Waiting& waiting : waiting_) at = std::min(at, waiting.at);
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(at - steady_clock::now()));
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
    auto [call, pause] = std::move(running_.extract(easy).mapped());
    if (call->isToTryAgain(result)) {
      wait(std::move(call), pause);
      continue;
    }
    call->finish(result);
    freePlace(call->request().lane);
  }
  return any;
}

/** A call of the lane has ended. */
void DriverTransport::freePlace(const std::string& name) {
  const auto lane = lanes_.find(name);
  lane->second.inFlight--;
  next(lane);
  if (!heldBack_) return;
  heldBack_ = false;
  for (auto each = lanes_.begin(); each != lanes_.end();) each = next(each);
}

void DriverTransport::abandonAll() {
  for (const auto& [easy, running] : running_) {
    curl_multi_remove_handle(multi_, easy);
    running.call->abandon();
  }
  for (const Waiting& waiting : waiting_) waiting.call->abandon();
  for (auto& [name, lane] : lanes_) {
    for (const auto& call : lane.queue) call->abandon();
  }
  running_.clear();
  waiting_.clear();
  lanes_.clear();
}

}  // namespace moorage
