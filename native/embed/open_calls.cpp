#include "embed/open_calls.hpp"

#include <algorithm>

#include "embed/call_frames.hpp"

namespace moorage {

uint64_t OpenCalls::add(OpenCall call) {
  calls_.emplace(++last_, std::move(call));
  return last_;
}

std::vector<OpenCall> OpenCalls::answered(uint64_t token) {
  const auto found = calls_.find(token);
  if (found == calls_.end()) return {};
  const OpenCall call = found->second;
  if (typeOfFrame(*call.frame) == FrameType::recover && !recovered_) {
    found->second.answered = true;
  } else {
    calls_.erase(found);
  }
  if (call.answered) return {};
  return {call};
}

void OpenCalls::recovered() {
  recovered_ = true;
  std::erase_if(calls_, [](const auto& item) {
    return item.second.answered && typeOfFrame(*item.second.frame) == FrameType::recover;
  });
}

std::vector<OpenCall> OpenCalls::overdue(Clock::time_point now) {
  std::vector<OpenCall> found;
  for (auto item = calls_.begin(); item != calls_.end();) {
    OpenCall& call = item->second;
    const bool isOverdue = !call.answered && call.until <= now;
    if (isOverdue) found.push_back(call);
    const bool isForgotten = isOverdue && typeOfFrame(*call.frame) != FrameType::cleanup;
    call.answered = call.answered || isOverdue;
    item = isForgotten ? calls_.erase(item) : std::next(item);
  }
  return found;
}

Clock::time_point OpenCalls::nextOverdue() const {
  const auto first = std::find_if(calls_.begin(), calls_.end(), [](const auto& item) { return !item.second.answered; });
  return first == calls_.end() ? Clock::time_point::max() : first->second.until;
}

std::vector<OpenCall> OpenCalls::takeAll() {
  std::vector<OpenCall> open;
  for (auto& [token, call] : calls_) {
    if (!call.answered) open.push_back(std::move(call));
  }
  calls_.clear();
  return open;
}

size_t OpenCalls::waiting() const {
  return static_cast<size_t>(std::count_if(calls_.begin(), calls_.end(), [](const auto& item) { return !item.second.answered; }));
}

}  // namespace moorage
