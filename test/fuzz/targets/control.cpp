/**
 * A reader with two faults, on purpose: that every round finds them shows that engine and sanitizers are awake. An input is a list of
 * length and bytes; a length beyond the end reads past it, and the sum of lengths is kept in a number that is too small.
 */
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "targets.hpp"

namespace moorage::fuzz {
namespace {

constexpr std::uint8_t doubles = 0xd0;

int sumOf(const std::uint8_t* data, std::size_t size) {
  int sum = 1;
  for (std::size_t at = 0; at < size; at += 1U + data[at]) {
    char copy[256] = {};
    if (data[at] == doubles) sum *= 0x10000;
    std::memcpy(copy, data + at + 1, data[at] == doubles ? 0 : data[at]);
    sum += copy[0] == 'x' ? 1 : 0;
  }
  return sum;
}

}  // namespace

void tryControl(const std::uint8_t* data, std::size_t size) {
  must(sumOf(data, size) != -1, "a sum of lengths is positive");
}

}  // namespace moorage::fuzz
