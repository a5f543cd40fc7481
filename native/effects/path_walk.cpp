#include "effects/path_walk.hpp"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <deque>
#include <string>
#include <string_view>

#include "effects/fd.hpp"
#include "effects/kernel.hpp"

namespace moorage::kernel {
namespace {

constexpr int linksMax = 40;  // as the kernel has it, path_resolution(7)

int failWith(int error) {
  errno = error;
  return -1;
}

std::deque<std::string> namesOf(std::string_view path) {
  std::deque<std::string> names;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    if (!name.empty() && name != ".") names.emplace_back(name);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

/** The kind of an open file (S_IFDIR, …), without asking its file system's server; 0 when it cannot be told. */
mode_t kindOf(int fd) {
  struct statx facts {};
  if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &facts) == 0) return facts.stx_mode & S_IFMT;
  struct stat old {};
  return ::fstat(fd, &old) == 0 ? old.st_mode & S_IFMT : 0;
}

Fd openName(int directory, const std::string& name) {
  return Fd(::openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

/** The end of a walk: what was found, opened as it was asked for. */
int finish(Fd found, uint64_t flags) {
  const mode_t kind = kindOf(found.get());
  if (kind == 0) return failWith(EIO);
  if ((flags & O_DIRECTORY) != 0 && kind != S_IFDIR) return failWith(ENOTDIR);
  if ((flags & O_PATH) != 0) return found.release();
  if (kind != S_IFDIR) return failWith(EINVAL);  // only directories are ever opened for reading
  return ::openat(found.get(), ".", static_cast<int>(flags) | O_DIRECTORY | O_CLOEXEC);
}

bool isOn(int fd, uint64_t mountId) {
  FdFacts facts;
  return factsOf(fd, false, facts) == 0 && facts.mountId == mountId;
}

/** Where a link leads, by its text; empty (errno says why) when it cannot be read or is one of procfs' that lead elsewhere than they say. */
std::string readLink(int link) {
  std::string text(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(link, "", text.data(), text.size());
  if (size <= 0) {
    if (size == 0) errno = ENOENT;
    return {};
  }
  text.resize(static_cast<size_t>(size));
  struct statfs facts {};
  if (::fstatfs(link, &facts) != 0) return {};
  if (facts.f_type == PROC_SUPER_MAGIC && text.front() == '/') {
    errno = ELOOP;
    return {};
  }
  return text;
}

}  // namespace

int walkBeneath(int directory, const char* path, uint64_t flags, bool sameMount) {
  Fd here(::openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  FdFacts start;
  if (!here || (sameMount && factsOf(here.get(), false, start) != 0)) return -1;
  for (const std::string& name : namesOf(path)) {
    if (name == "..") return failWith(EXDEV);
    Fd next = openName(here.get(), name);
    if (!next) return -1;
    if (kindOf(next.get()) == S_IFLNK) return failWith(ELOOP);
    if (sameMount && !isOn(next.get(), start.mountId)) return failWith(EXDEV);
    here = std::move(next);
  }
  return finish(std::move(here), flags);
}

int walkFollowing(const char* path, uint64_t flags) {
  const auto openTop = [] { return Fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)); };
  std::deque<std::string> names = namesOf(path);
  Fd here = openTop();
  if (!here) return -1;
  for (int links = 0; !names.empty();) {
    Fd next = openName(here.get(), names.front());
    if (!next) return -1;
    names.pop_front();
    if (kindOf(next.get()) != S_IFLNK) {
      here = std::move(next);
      continue;
    }
    if (++links > linksMax) return failWith(ELOOP);
    const std::string text = readLink(next.get());
    if (text.empty()) return -1;
    const std::deque<std::string> more = namesOf(text);
    names.insert(names.begin(), more.begin(), more.end());
    if (text.front() == '/') here = openTop();
    if (!here) return -1;
  }
  return finish(std::move(here), flags);
}

}  // namespace moorage::kernel
