/** Replies and notices of a host, as an agent reads them. */
#include <cstring>

#include "frames/answers.hpp"
#include "targets.hpp"

namespace moorage::fuzz {
namespace {

bool same(const frames::Mount& left, const frames::Mount& right) {
  return left.source == right.source && left.target == right.target && left.readonly == right.readonly;
}

void checkReply(const frames::Reply& reply) {
  must(reply.ok != reply.error.has_value(), "a reply has an error when it is not ok, and only then");
  const auto again = frames::mountsFromJson(frames::mountsToJson(reply.mounts));
  must(again.size() == reply.mounts.size(), "as many mounts are read as were written");
  for (std::size_t i = 0; i < again.size(); i++) must(same(again[i], reply.mounts[i]), "a mount is read as it was written");
}

void checkNotice(const frames::Notice& notice) {
  const auto* alert = std::get_if<frames::Alert>(&notice);
  if (alert != nullptr && alert->code == "bad-frame") must(!alert->message.empty(), "a frame that cannot be read is told why");
}

}  // namespace

void tryFrames(const std::uint8_t* data, std::size_t size) {
  checkReply(frames::readReply(data, size));
  checkNotice(frames::readNotice(data, size));
}

}  // namespace moorage::fuzz
