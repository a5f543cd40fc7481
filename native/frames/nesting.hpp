#pragma once

#include <nlohmann/json.hpp>

namespace moorage::frames {

/** Lists and maps within one another; the deepest frame has four. */
inline constexpr int nestingMax = 16;

/**
 * Looks over a frame and stops where it goes too deep: the reader of the library calls itself for each list in a list, so that a frame
 * of nothing else ends the stack of the thread, and with it the program.
 */
class Nesting : public nlohmann::json_sax<nlohmann::json> {
 public:
  /** Not for what is no MessagePack: that has other words of its own. */
  bool isTooDeep() const { return depth_ > nestingMax; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(std::size_t) override { return goIn(); }
  bool start_array(std::size_t) override { return goIn(); }
  bool end_object() override { return goOut(); }
  bool end_array() override { return goOut(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool goIn() { return ++depth_ <= nestingMax; }
  bool goOut() {
    depth_--;
    return true;
  }

  int depth_ = 0;
};

/** Reads a frame. Throws std::runtime_error where it goes too deep, a JSON exception where it is no MessagePack. */
inline nlohmann::json readFrame(const std::uint8_t* frame, std::size_t size) {
  Nesting nesting;
  nlohmann::json::sax_parse(frame, frame + size, &nesting, nlohmann::json::input_format_t::msgpack);
  if (nesting.isTooDeep()) throw std::runtime_error("lists in lists, more than " + std::to_string(nestingMax) + " deep");
  return nlohmann::json::from_msgpack(frame, frame + size);
}

}  // namespace moorage::frames
