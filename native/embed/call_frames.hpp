#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace moorage {

/** The numbers of events that are treated apart while there is no host (host/frames/schema.ts has all). */
enum class FrameType : uint8_t { recover = 2, cleanup = 8, other = 255 };

/** The type of an event frame, at byte 2. */
FrameType typeOfFrame(const std::vector<uint8_t>& frame);

/** The number of the call in an event frame (a float64 at byte 12); 0 when there is none. */
double callOfFrame(const std::vector<uint8_t>& frame);

/** How many bytes a frame of its type may have. */
size_t frameMax(const uint8_t* frame, size_t size);

/** A reply frame: not ok, error code `host-down`. */
std::vector<uint8_t> hostDownFrame(double call, const std::string& message, const std::string& hint);

/** A reply frame: ok. */
std::vector<uint8_t> okFrame(double call);

/** An alert frame with the code `host-down`. */
std::vector<uint8_t> hostDownAlert(const std::string& message);

}  // namespace moorage
