#include "agent/user.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "agent/error.hpp"

namespace moorage::agent {

namespace {

std::optional<unsigned> parseNumber(const std::string& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // The highest number means "leave as it is" to setuid and its relatives.
  const bool usable = error == std::errc() && end == text.data() + text.size() && number != static_cast<unsigned>(-1);
  return usable ? std::optional(number) : std::nullopt;
}

std::vector<gid_t> groupsOf(const std::string& name, gid_t primary) {
  int count = 32;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (::getgrouplist(name.c_str(), primary, groups.data(), &count) < 0) {
    groups.resize(std::max(static_cast<std::size_t>(count), groups.size() * 2));
    count = static_cast<int>(groups.size());
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

User fromEntry(const passwd& entry) {
  return {entry.pw_uid, entry.pw_gid, groupsOf(entry.pw_name, entry.pw_gid)};
}

std::optional<User> parseNumbers(const std::string& text) {
  const auto colon = text.find(':');
  const auto uid = parseNumber(text.substr(0, colon));
  if (!uid) return std::nullopt;
  if (colon != std::string::npos) {
    const auto gid = parseNumber(text.substr(colon + 1));
    return gid ? std::optional(User{*uid, *gid, {*gid}}) : std::nullopt;
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody but the agent's one thread asks for users, and the entry is read before it asks again
  if (const passwd* entry = ::getpwuid(*uid)) return fromEntry(*entry);
  return User{*uid, *uid, {*uid}};
}

}  // namespace

User resolveUser(const std::string& text) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): as above
  if (const passwd* entry = ::getpwnam(text.c_str())) return fromEntry(*entry);
  if (auto user = parseNumbers(text)) return *user;
  throw UsageError("user \"" + text + "\" is not known on this machine; give a name of its user database, UID or UID:GID");
}

}  // namespace moorage::agent
