#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "moorage.h"

namespace moorage {

/** The options of moorage_open with the defaults filled in; the strings are our own. */
struct SessionOptions {
  std::string config;
  std::string stateDir;
  std::string hostBundle;
  std::string policy;
  uint32_t startMs = 30000;
  moorage_notice_fn notice = nullptr;
  moorage_log_fn log = nullptr;
  void* context = nullptr;
};

/** Ways into the running host; all may be called from any thread, and do nothing once it is gone. */
struct HostPort {
  std::function<bool(uint64_t token, std::vector<uint8_t> frame)> deliver;  // false: the host is gone
  std::function<void()> close;
};

/**
 * What the C ABI, the host thread and the JS side share about one open isolator: its state, and the calls that are open.
 *
 * Two locks: `mutex_` guards the fields and is never held while foreign code runs; `callbacks_` is held during every callback
 * into the embedding program, so that none comes after moorage_close. It is recursive: a callback may call us.
 */
class Session {
 public:
  explicit Session(SessionOptions options) : options_(std::move(options)) {}

  const SessionOptions& options() const { return options_; }

  // For the embedding program.

  /** False when the call was not taken. */
  bool call(const uint8_t* frame, size_t size, moorage_reply_fn reply, void* context);
  /** Waits for the end of the start; empty when the host is ready, else why not. */
  std::string waitStarted();
  /** Takes no more calls and asks the host to finish. */
  void beginClose();
  /** Waits until the host says that it has finished, or is gone. False after `timeoutMs`. */
  bool waitClosed(uint32_t timeoutMs);
  /** Waits until the host thread is through with everything of ours. False after `timeoutMs`. */
  bool waitEnded(uint32_t timeoutMs);
  /** No callback comes any more; what is open was answered. */
  void silence();

  // For the host thread.

  /** The host can be reached from now on. */
  void attach(HostPort port);
  /** How to stop the environment from outside; empty when there is none any more. False: it shall not even begin. */
  bool setStop(std::function<void()> stop);
  /** Stops the environment; one that is still being made then does not begin. */
  void stopHost();
  /** Why the environment is about to end; the first reason stays. */
  void ending(const std::string& reason);
  /** The environment is gone: answers every open call with code `host-down`. */
  void down(const std::string& reason);
  void ended();

  // For the JS side.

  void started(const std::string& error);
  void closed();
  void reply(uint64_t token, const uint8_t* frame, size_t size);
  void notice(const uint8_t* frame, size_t size);
  void log(const char* level, const char* text);

 private:
  struct OpenCall {
    moorage_reply_fn reply;
    void* context;
    double call;  // the number in the frame, for an answer that we write
  };

  bool take(uint64_t token, OpenCall& call);

  const SessionOptions options_;
  std::recursive_mutex callbacks_;
  bool silenced_ = false;  // guarded by callbacks_

  std::mutex mutex_;
  std::condition_variable changed_;
  HostPort port_;
  std::function<void()> stop_;
  bool stopAsked_ = false;
  std::map<uint64_t, OpenCall> open_;
  uint64_t lastToken_ = 0;
  std::string reason_;
  std::string startError_;
  bool started_ = false;
  bool closing_ = false;
  bool closed_ = false;
  bool down_ = false;
  bool ended_ = false;
};

}  // namespace moorage
