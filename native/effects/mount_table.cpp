#include "effects/mount_table.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "effects/error.hpp"
#include "effects/fd.hpp"
#include "effects/kernel.hpp"

namespace moorage {
namespace {

std::string readWhole(int fd, const std::string& path) {
  std::string text;
  size_t used = 0;
  for (;;) {
    if (text.size() - used < 65536) text.resize(std::max<size_t>(131072, text.size() * 2));
    const ssize_t got = ::read(fd, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw systemError("read", path, errno);
    if (got == 0) break;
    used += static_cast<size_t>(got);
  }
  text.resize(used);
  return text;
}

/** Takes the next word of a line away from its front. */
std::string_view takeWord(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

bool toNumber(std::string_view word, uint64_t& number) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size();
}

bool parseLine(std::string_view line, Mount& mount) {
  if (!toNumber(takeWord(line), mount.mountId) || !toNumber(takeWord(line), mount.parentId)) return false;
  mount.dev = takeWord(line);
  mount.root = unescapeOctal(takeWord(line));
  mount.target = unescapeOctal(takeWord(line));
  takeWord(line);  // options of the mount
  for (std::string_view field = takeWord(line); field != "-"; field = takeWord(line)) {
    if (field.empty()) return false;
    if (field.substr(0, 7) == "shared:") toNumber(field.substr(7), mount.peerGroup);
  }
  mount.fstype = unescapeOctal(takeWord(line));
  mount.source = unescapeOctal(takeWord(line));
  return !mount.fstype.empty();
}

/** The unique id of every old one. A mount that goes away meanwhile is left out. */
std::unordered_map<uint64_t, uint64_t> uniqueByOld(const std::vector<uint64_t>& uniqueIds) {
  std::unordered_map<uint64_t, uint64_t> ids;
  ids.reserve(uniqueIds.size());
  for (const uint64_t unique : uniqueIds) {
    uint32_t oldId = 0;
    if (kernel::oldMountId(unique, oldId) == 0) ids[oldId] = unique;
  }
  return ids;
}

std::vector<uint64_t> listUniqueIds() {
  std::vector<uint64_t> ids;
  if (kernel::listMounts(ids) != 0) throw systemError("listmount", "", errno);
  return ids;
}

std::vector<Mount> readWithUniqueIds() {
  const auto before = uniqueByOld(listUniqueIds());
  std::vector<Mount> mounts = readTableFile("self");
  std::vector<uint64_t> after = listUniqueIds();
  std::sort(after.begin(), after.end());
  // A unique id is never used again: one that is in both lists belonged to its mountinfo id all the while.
  const auto unconfirmed = [&](Mount& mount) {
    const auto found = before.find(mount.mountId);
    if (found == before.end() || !std::binary_search(after.begin(), after.end(), found->second)) return true;
    mount.mountId = found->second;
    return false;
  };
  std::vector<Mount> confirmed;
  confirmed.reserve(mounts.size());
  for (Mount& mount : mounts) {
    if (!unconfirmed(mount)) confirmed.push_back(std::move(mount));
  }
  return confirmed;
}

bool sharesOurNamespace(int pid) {
  struct stat ours {}, theirs {};
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/mnt";
  return ::stat("/proc/self/ns/mnt", &ours) == 0 && ::stat(path.c_str(), &theirs) == 0 && ours.st_ino == theirs.st_ino &&
         ours.st_dev == theirs.st_dev;
}

}  // namespace

std::string unescapeOctal(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  const auto isOctal = [](char c) { return c >= '0' && c <= '7'; };
  for (size_t i = 0; i < text.size(); i++) {
    const bool escape = text[i] == '\\' && i + 3 < text.size() && isOctal(text[i + 1]) && isOctal(text[i + 2]) && isOctal(text[i + 3]);
    if (!escape) {
      plain.push_back(text[i]);
      continue;
    }
    plain.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0')));
    i += 3;
  }
  return plain;
}

std::vector<Mount> parseMountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  mounts.reserve(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')));
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    Mount mount;
    if (parseLine(text.substr(0, end), mount)) mounts.push_back(std::move(mount));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return mounts;
}

std::vector<Mount> readTableFile(const std::string& pid) {
  const std::string path = "/proc/" + pid + "/mountinfo";
  try {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw systemError("open", path, errno);
    return parseMountinfo(readWhole(file.get(), path));
  } catch (const EffectError& error) {
    // A process that is gone has no file; a zombie has one without a namespace behind it.
    if (error.code() != "ENOENT" && error.code() != "EINVAL") throw;
    throw systemError("read", path, ESRCH);
  }
}

std::vector<Mount> readMountTable() { return kernel::hasUniqueMountIds() ? readWithUniqueIds() : readTableFile("self"); }

std::vector<Mount> readMountTableOf(int pid) {
  if (pid <= 0) throw systemError("read", "/proc/" + std::to_string(pid) + "/mountinfo", ESRCH);
  std::vector<Mount> mounts = readTableFile(std::to_string(pid));
  return sharesOurNamespace(pid) ? readMountTable() : mounts;
}

}  // namespace moorage
