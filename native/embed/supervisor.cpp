#include "embed/supervisor.hpp"

#include <algorithm>
#include <optional>

#include "effects/error.hpp"
#include "embed/call_frames.hpp"
#include "embed/host_thread.hpp"
#include "embed/thread.hpp"

namespace moorage {

using std::chrono::milliseconds;

namespace {

/** How long a stopped host may take to clean up, before it is left behind at a close. */
constexpr milliseconds endMs{5000};
/** Between the death of a host and the next one. */
constexpr milliseconds pauseFirst{100};
constexpr milliseconds pauseMax{10000};
/** A host that lived so many times as long as it was waited for begins the pauses anew. */
constexpr int pausesOutlived = 10;
/** So often within stuckMs a host is asked for a sign of life; all of them must be missed, however long the process itself stood still. */
constexpr int looksMissedMax = 10;
/** While nobody waits for an answer, every fifth look asks. */
constexpr int looksIdleMax = 5;
constexpr size_t supervisorStackBytes = size_t{512} * 1024;

thread_local bool isSupervisorThread = false;

std::string seconds(milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

/** The lives of one session, one after the other. All of it runs on one thread; `lock` is the session's. */
class Supervisor {
 public:
  explicit Supervisor(Session& session) : session_(session), options_(session.options_) {}

  void run() {
    while (liveOnce()) {
      sayDeath();
      waitPause();
    }
    session_.answerAll(reason_);
    const std::lock_guard lock(session_.mutex_);
    if (!session_.opened_) session_.startError_ = reason_;
    session_.finished_ = true;
    session_.tell();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  /** From the start of a host to its end. False when no other shall follow. */
  bool liveOnce() {
    bornAt_ = Clock::now();
    stoppedAt_.reset();
    isLate_ = false;
    missed_ = 0;
    const std::shared_ptr<Life> life = begin();
    Lock lock(session_.mutex_);
    if (life) {
      while (isWatched(*life)) watch(*life, lock);
      leave(*life, lock);
    }
    return session_.opened_ && !session_.closing_;
  }

  /** Null when there is no thread for it. */
  std::shared_ptr<Life> begin() {
    std::shared_ptr<Life> life;
    {
      const std::lock_guard lock(session_.mutex_);
      life = session_.life_ = std::make_shared<Life>(session_.shared_from_this(), session_.calls_.isRecovered());
    }
    const int error = startHostThread(life, thread_);
    if (error == 0) return life;
    reason_ = "the thread of the host could not be made: " + describeErrno(error);
    const std::lock_guard lock(session_.mutex_);
    session_.life_ = nullptr;
    return nullptr;
  }

  /** Not when it is over, nor when it is to be ended for good: at the close, or when the first one does not come up. */
  bool isWatched(const Life& life) const {
    return life.over_ == Over::no && !session_.closing_ && (session_.opened_ || !life.stopAsked_);
  }

  /** Looks at everything once, then waits for news. */
  void watch(Life& life, Lock& lock) {
    const uint64_t seen = session_.news_;
    judge(life);
    if (isOverdue()) return answerOverdue(life.reason_, lock);
    if (stoppedAt_ && *stoppedAt_ + endMs <= Clock::now()) return sayHanging(lock);
    if (!isWatched(life)) return;
    session_.changed_.wait_until(lock, nextLook(), [&] { return session_.news_ != seen; });
  }

  void judge(Life& life) {
    // Once more: a stop that fell into a guarded call may have been taken for the end of that.
    if (life.stopAsked_ && life.stop_) life.stop_();
    if (life.stopAsked_) return;
    if (!life.started_ && Clock::now() - bornAt_ >= milliseconds(options_.startMs)) {
      isLate_ = true;
      stop(life, "the host was not ready within " + std::to_string(options_.startMs) +
                     " ms; the machine may be too busy, or the limit on processes too small");
    }
    if (life.started_ && !life.startError_.empty()) stop(life, life.startError_);
    if (session_.isReachable()) askForSign(life);
  }

  /** A process that was stopped, or a machine that slept, has not missed a sign: looks are counted, not time. */
  void askForSign(Life& life) {
    if (Clock::now() < lookAt_) return;
    lookAt_ = Clock::now() + lookTime();
    if (!life.beatAsked_) {
      missed_ = 0;
      const bool isDue = session_.calls_.waiting() > 0 || ++looksIdle_ >= looksIdleMax;
      if (!isDue) return;
      looksIdle_ = 0;
      life.beatAsked_ = true;
      life.port_.beat();
    } else if (++missed_ >= looksMissedMax) {
      stop(life, "it gave no sign of life for " + seconds(milliseconds(options_.stuckMs)));
    }
  }

  milliseconds lookTime() const { return milliseconds(std::max<uint32_t>(1, options_.stuckMs / looksMissedMax)); }

  Clock::time_point nextLook() const {
    Clock::time_point next = Clock::now() + lookTime();
    if (!session_.isReachable()) next = std::min(next, session_.calls_.nextOverdue());
    if (!session_.opened_) next = std::min(next, bornAt_ + milliseconds(options_.startMs));
    return next;
  }

  void stop(Life& life, const std::string& reason) {
    if (life.reason_.empty()) life.reason_ = reason;
    if (!life.stopAsked_) stoppedAt_ = Clock::now();
    life.stopAsked_ = true;
    if (life.stop_) life.stop_();
  }

  /** Once: nothing more can be done about a thread that hangs in the kernel, and only one host may have the journal. */
  void sayHanging(Lock& lock) {
    stoppedAt_.reset();
    lock.unlock();
    announce("the host was stopped and does not end; no other can begin before, and new tasks fail; restart the agent if this lasts");
    lock.lock();
  }

  /** Ends it, when it is not over, and its thread. One that does not end is left behind and may never call back. */
  void leave(Life& life, Lock& lock) {
    if (session_.closing_) finish(life, lock);
    stop(life, session_.closing_ ? "the isolator was closed" : "");
    session_.changed_.wait_for(lock, endMs, [&] { return life.over_ != Over::no; });
    session_.life_ = nullptr;
    reason_ = life.reason_.empty() ? "it had nothing left to do" : life.reason_;
    if (!life.started_ && !isLate_) reason_ = "the host ended before it was ready: " + reason_;
    const Over how = life.over_;
    lock.unlock();
    if (how == Over::ended) {
      pthread_join(thread_, nullptr);
    } else {
      pthread_detach(thread_);
    }
    if (how == Over::no) session_.log("error", "the host does not end; its thread is left behind");
    lock.lock();
  }

  /** The close: effects in flight may come to their end. */
  void finish(Life& life, Lock& lock) {
    const bool isAsked = session_.isReachable();
    if (isAsked) life.port_.close();
    const auto isDone = [&] { return !isAsked || life.closed_ || life.over_ != Over::no; };
    session_.changed_.wait_for(lock, milliseconds(session_.closeMs_), isDone);
  }

  void sayDeath() {
    const bool livedLong = Clock::now() - bornAt_ >= pause_ * pausesOutlived;
    pause_ = livedLong ? pauseFirst : std::min(pause_ * 2, pauseMax);
    size_t waiting = 0;
    {
      const std::lock_guard lock(session_.mutex_);
      waiting = session_.calls_.waiting();
    }
    announce("the host died: " + reason_ + "; a new one is started in " + seconds(pause_) + ", and " + std::to_string(waiting) +
             (waiting == 1 ? " call waits for it" : " calls wait for it"));
  }

  void announce(const std::string& text) {
    session_.log("error", text);
    const std::vector<uint8_t> alert = hostDownAlert(text);
    session_.notice(alert.data(), alert.size());
  }

  void waitPause() {
    const auto end = Clock::now() + pause_;
    Lock lock(session_.mutex_);
    while (Clock::now() < end && !session_.closing_) {
      if (isOverdue()) {
        answerOverdue(reason_, lock);
        continue;
      }
      session_.changed_.wait_until(lock, std::min(end, session_.calls_.nextOverdue()));
    }
  }

  bool isOverdue() const { return !session_.isReachable() && session_.calls_.nextOverdue() <= Clock::now(); }

  void answerOverdue(const std::string& death, Lock& lock) {
    const std::string why = death.empty() ? reason_ : death;
    lock.unlock();
    session_.answerOverdue(why);
    lock.lock();
  }

  Session& session_;
  const SessionOptions& options_;
  pthread_t thread_{};
  Clock::time_point bornAt_;
  Clock::time_point lookAt_;
  std::optional<Clock::time_point> stoppedAt_;
  milliseconds pause_ = pauseFirst / 2;
  bool isLate_ = false;
  int missed_ = 0;
  int looksIdle_ = 0;
  std::string reason_;
};

namespace {

void* runSupervisor(void* argument) {
  const std::unique_ptr<std::shared_ptr<Session>> session(static_cast<std::shared_ptr<Session>*>(argument));
  pthread_setname_np(pthread_self(), "moorage-watch");
  isSupervisorThread = true;
  Supervisor(**session).run();
  return nullptr;
}

}  // namespace

int startSupervisor(const std::shared_ptr<Session>& session, pthread_t& thread) {
  return startThread(runSupervisor, std::make_unique<std::shared_ptr<Session>>(session), supervisorStackBytes, thread);
}

bool onSupervisorThread() { return isSupervisorThread; }

}  // namespace moorage
