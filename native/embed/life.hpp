#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "embed/open_calls.hpp"

namespace moorage {

class Session;

/** Ways into the running host; all may be called from any thread, and do nothing once it is gone. */
struct HostPort {
  std::function<bool(uint64_t token, Frame frame)> deliver;  // false: the host is gone
  std::function<void()> close;
  std::function<void()> beat;  // asks the host thread to call Life::beat
};

/** How a life ended: its thread is about to end and can be joined, or it stands still for ever, for V8 cannot go on. */
enum class Over { no, ended, parked };

/**
 * One JS environment with the host in it, from the begin of its thread to its end. A session has one after the other; what an earlier one says
 * when its time is over is not heard. Its fields are guarded by the session's lock.
 */
class Life {
 public:
  Life(std::shared_ptr<Session> session, bool restarted) : session_(std::move(session)), restarted_(restarted) {}

  const Session& session() const { return *session_; }
  /** A host of this session before this one had completed its recovery. */
  bool restarted() const { return restarted_; }

  // For the host thread.

  /** The host can be reached from now on. */
  void attach(HostPort port);
  /** How to stop the environment from outside; empty when there is none any more. False: it shall not even begin. */
  bool setStop(std::function<void()> stop);
  /** Why the environment is about to end; the first reason stays. */
  void ending(const std::string& reason);
  /** The last word of the thread; `more` is put behind the reason. */
  void over(Over how, const std::string& more = {});

  // For the JS side.

  /** The host is ready, or could not start: then `error` says why. */
  void started(const std::string& error);
  void closed();
  void recovered();
  void beat();
  void reply(uint64_t token, const uint8_t* frame, size_t size);
  void notice(const uint8_t* frame, size_t size);
  void log(const char* level, const char* text);

 private:
  friend class Session;
  friend class Supervisor;

  const std::shared_ptr<Session> session_;  // which lets go of its life at the end
  const bool restarted_;

  HostPort port_;
  std::function<void()> stop_;
  std::string reason_;
  std::string startError_;
  bool stopAsked_ = false;
  bool started_ = false;
  bool closed_ = false;
  bool beatAsked_ = false;
  Over over_ = Over::no;
};

}  // namespace moorage
