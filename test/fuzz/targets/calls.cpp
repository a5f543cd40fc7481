/** The way of calls through the C ABI: what is read of their frames, how they are answered without a host, and each once. */
#include <algorithm>
#include <cstring>
#include <deque>
#include <string>

#include "embed/call_frames.hpp"
#include "embed/open_calls.hpp"
#include "frames/answers.hpp"
#include "targets.hpp"

namespace moorage::fuzz {
namespace {

/** More say nothing new, and each looks at all open calls. */
constexpr std::size_t stepsMax = 200;
constexpr auto patience = std::chrono::milliseconds(10);

bool isSameNumber(double left, double right) { return std::memcmp(&left, &right, sizeof left) == 0; }

void checkFrames(const std::vector<uint8_t>& frame) {
  must(frameMax(frame.data(), frame.size()) >= MOORAGE_FRAME_MAX, "a frame may have as many bytes as the header says");
  const double call = callOfFrame(frame);
  const std::string text(frame.begin(), frame.end());
  const auto down = hostDownFrame(call, text, text);
  const auto refused = frames::readReply(down.data(), down.size());
  must(!refused.ok && refused.error->code == "host-down", "an agent can read that there is no host");
  must(isSameNumber(refused.call, call) || call != call, "the answer has the number of its call");
  must(text.compare(0, refused.error->message.size(), refused.error->message) == 0, "of the message the begin is told");
  const auto okay = okFrame(call);
  must(frames::readReply(okay.data(), okay.size()).ok, "an agent can read that all is well");
  const auto alert = hostDownAlert(text);
  const auto notice = frames::readNotice(alert.data(), alert.size());
  must(std::get<frames::Alert>(notice).code == "host-down", "an agent can read an alert");
}

void count(void* context, const uint8_t*, size_t) { ++*static_cast<int*>(context); }

void answer(const std::vector<OpenCall>& calls) {
  for (const OpenCall& call : calls) call.reply(call.context, nullptr, 0);
}

/** Each byte is something that happens. */
class Story {
 public:
  explicit Story(const std::vector<uint8_t>& bytes) {
    const std::size_t size = std::min(bytes.size(), stepsMax);
    for (std::size_t i = 0; i < size; i++) step(bytes[i] % 8, bytes[i] / 8);
    answer(open_.takeAll());
    for (const int answers : answers_) must(answers == 1, "each call is answered once");
  }

 private:
  void step(uint8_t what, uint8_t which) {
    now_ += std::chrono::milliseconds(1);
    if (what == 0) add(FrameType::cleanup);
    if (what == 1) add(FrameType::recover);
    if (what == 2) add(FrameType{4});
    if (what == 3) open_.recovered();
    if (what == 4) answer(open_.overdue(now_));
    if (what > 4) answer(open_.answered(which));
    must(open_.waiting() <= open_.all().size(), "nobody waits for a call that is not open");
  }

  void add(FrameType type) {
    const std::vector<uint8_t> frame{0x93, 1, static_cast<uint8_t>(type)};
    open_.add({std::make_shared<const std::vector<uint8_t>>(frame), count, &answers_.emplace_back(0), now_ + patience});
  }

  OpenCalls open_;
  std::deque<int> answers_;
  Clock::time_point now_;
};

}  // namespace

void tryCalls(const std::uint8_t* data, std::size_t size) {
  const std::vector<uint8_t> bytes(data, data + size);
  checkFrames(bytes);
  Story{bytes};
}

}  // namespace moorage::fuzz
