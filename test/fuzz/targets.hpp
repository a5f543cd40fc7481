#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace moorage::fuzz {

/** What holds whatever the input is. Ends the program otherwise, and the engine keeps the input that did it. */
inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

using Target = void (*)(const std::uint8_t* data, std::size_t size);

void tryAnswer(const std::uint8_t* data, std::size_t size);
void tryApp(const std::uint8_t* data, std::size_t size);
void tryCalls(const std::uint8_t* data, std::size_t size);
void tryControl(const std::uint8_t* data, std::size_t size);
void tryFrames(const std::uint8_t* data, std::size_t size);
void tryMountinfo(const std::uint8_t* data, std::size_t size);
void tryRecords(const std::uint8_t* data, std::size_t size);
void trySettings(const std::uint8_t* data, std::size_t size);

}  // namespace moorage::fuzz
