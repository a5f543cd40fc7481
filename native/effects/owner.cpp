#include "effects/owner.hpp"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <string_view>
#include <vector>

#include "effects/error.hpp"

namespace moorage {
namespace {

// The last value of the type means "leave it as it is" to chown(2), so it is no id.
bool toId(std::string_view text, uint32_t& id) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end == text.data() + text.size() && id != static_cast<uint32_t>(-1);
}

Owner lookUp(const std::string& name) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  while (error == ERANGE && buffer.size() < (1u << 20)) {
    buffer.resize(buffer.size() * 4);
    error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  }
  if (found != nullptr) return {entry.pw_uid, entry.pw_gid};
  const bool absent = error == 0 || error == ENOENT || error == ESRCH;
  if (!absent) throw systemError("getpwnam", name, error);
  throw refusal("no-such-user", "owner \"" + name + "\": this machine knows no such user; write uid, uid:gid or a user name");
}

}  // namespace

Owner parseOwner(const std::string& text) {
  if (text.find('\0') != std::string::npos) throw refusal("no-such-user", "the owner has a NUL byte in it");
  const size_t colon = text.find(':');
  Owner owner;
  if (colon == std::string::npos) return toId(text, owner.user) ? owner : lookUp(text);
  const std::string_view whole(text);
  if (toId(whole.substr(0, colon), owner.user) && toId(whole.substr(colon + 1), owner.group)) return owner;
  throw refusal("no-such-user", "owner \"" + text + "\": write uid, uid:gid or a user name");
}

void giveTo(int fd, const Owner& owner, const std::string& path) {
  if (::fchownat(fd, "", owner.user, owner.group, AT_EMPTY_PATH) != 0) throw systemError("chown", path, errno);
}

}  // namespace moorage
