#pragma once

#include <string>

#include "frames/answers.hpp"
#include "frames/codec.hpp"

namespace moorage::client {

/** The reply to a frame that moorage_call did not take: it was too large, or the isolator is closed. */
frames::Reply notTaken(const frames::Bytes& frame);

/** What went wrong and what to do, in one sentence. */
std::string sentence(const frames::Error& error);

}  // namespace moorage::client
