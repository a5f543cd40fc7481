#pragma once

#include <string>

#include "frames/answers.hpp"

/** Lines for what did not come from a task's own life: on stdout for programs, on stderr for people. */
namespace moorage::agent {

void reportLimit(const frames::Limit& limit);
void reportAlert(const frames::Alert& alert);
/** A line of stdin that could not be obeyed. */
void reportBadCommand(const std::string& why);

}  // namespace moorage::agent
