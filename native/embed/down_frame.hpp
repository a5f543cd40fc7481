#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace moorage {

/** The number of the call in an event frame (a float64 at byte 12); 0 when there is none. */
double callOfFrame(const uint8_t* frame, size_t size);

/** How many bytes a frame of its type may have. */
size_t frameMax(const uint8_t* frame, size_t size);

/** A reply frame, schema 1: not ok, error code `host-down`. */
std::vector<uint8_t> hostDownFrame(double call, const std::string& message);

}  // namespace moorage
