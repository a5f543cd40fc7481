#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "effects/fd.hpp"

/**
 * The talk of a supervisor with its agent, over a SOCK_SEQPACKET pair, one message a packet:
 *
 *     supervisor: {"state":"ready"}                   in its own mount namespace
 *     agent:      {"go":true}                         after isolate was answered
 *     supervisor: {"state":"running","pid":N}  or  {"state":"failed","message":"..."}
 *
 * An agent that is gone, or that closes before it said go, is the order to end without having run anything.
 */
namespace moorage::agent::executor {

/** Both ends of a new gate, closed on exec. Throws. */
struct GatePair {
  Fd agent;
  Fd supervisor;
};
GatePair makeGate();

/** Sends one message. An other side that is gone is no failure: the supervisor goes on without its agent. */
void tell(const Fd& gate, const nlohmann::json& message);

enum class Heard { message, nothing, closed };

/** Takes one message without waiting. */
Heard hear(const Fd& gate, nlohmann::json& message);

/** Waits for the agent's word: true for go, false when the agent went away. */
bool waitForGo(const Fd& gate);

}  // namespace moorage::agent::executor
