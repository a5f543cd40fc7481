#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace moorage::agent {

/** An event with its fields in the order in which they were set. */
using Event = nlohmann::ordered_json;

/**
 * One JSON line on stdout, for programs. A reader that is gone is told once on stderr and then ignored: tasks do not
 * depend on it.
 */
void reportEvent(const Event& event);

/** One line on stderr, for people. */
void say(const std::string& words);

}  // namespace moorage::agent
