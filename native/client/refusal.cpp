#include "client/refusal.hpp"

#include "frames/events.hpp"
#include "moorage.h"

namespace moorage::client {

frames::Reply notTaken(const frames::Bytes& frame) {
  frames::Reply reply;
  const std::size_t most = frame[2] == frames::event::recover ? MOORAGE_RECOVER_MAX : MOORAGE_FRAME_MAX;
  const bool tooLarge = frame.size() > most;
  const auto bytes = std::to_string(frame.size()) + " bytes, of at most " + std::to_string(most);
  reply.error = tooLarge ? frames::Error{"bad-frame", "the event is too large: " + bytes, "ask for less in one container"}
                         : frames::Error{"host-down", "the isolator takes no calls any more", "start the agent again"};
  return reply;
}

std::string sentence(const frames::Error& error) {
  return error.hint.empty() ? error.message : error.message + "; " + error.hint;
}

}  // namespace moorage::client
