#pragma once

#include <functional>
#include <shared_mutex>
#include <string>

#include <process/future.hpp>

#include "client/library.hpp"
#include "frames/answers.hpp"
#include "frames/codec.hpp"
#include "mesos/settings.hpp"

namespace moorage::module {

/** libmoorage.so, open, with futures for answers. May be used from any thread. */
class Session {
 public:
  /**
   * Loads the library and waits until its host is ready. `onLimit` is called on a thread of the library, which it must not
   * hold up; alerts go to the agent's log. Throws with a sentence.
   */
  Session(const Settings& settings, std::function<void(const frames::Limit&)> onLimit);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /**
   * Sends an event. The future always becomes ready, also when the host is down or the session is closed. It becomes so
   * on a thread of the library: continue with process::defer.
   */
  process::Future<frames::Reply> call(const frames::Bytes& frame);

  /** Waits for effects in flight, at most `timeoutMs`, and answers every open call. Later calls are refused. */
  void close(unsigned timeoutMs);

 private:
  static void onNotice(void* context, const std::uint8_t* frame, std::size_t size);

  std::function<void(const frames::Limit&)> onLimit_;
  client::Library library_;
  /** Shared by calls, so that none is under way when the handle is taken away. */
  std::shared_mutex mutex_;
  moorage_isolator* handle_ = nullptr;
};

}  // namespace moorage::module
