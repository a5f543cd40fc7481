#include "agent/process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <charconv>
#include <memory>
#include <sstream>

#include "agent/error.hpp"
#include "agent/files.hpp"

namespace moorage::agent {

namespace {

/** NS_GET_MNTNS_ID of linux/nsfs.h (6.11), which the headers of older distributions lack. */
constexpr unsigned long getMountNamespaceId = _IOR(0xb7, 0x5, std::uint64_t);

std::string entry(pid_t pid, const char* name) { return std::to_string(pid) + "/" + name; }

/** Field 3 (state) comes after the last parenthesis: the command name before it may hold anything. */
std::optional<ProcessStat> parseStat(const std::string& text) {
  const auto close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(close + 1));
  ProcessStat stat;
  fields >> stat.state >> stat.parent;
  std::string skipped;
  for (int field = 5; field < 22; ++field) fields >> skipped;
  fields >> stat.startTime;
  return fields ? std::optional(stat) : std::nullopt;
}

}  // namespace

std::optional<ProcessStat> statOf(const Fd& proc, pid_t pid) {
  const Fd file(::openat(proc.get(), entry(pid, "stat").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  try {
    return parseStat(readAll(file));
  } catch (const std::exception&) {
    return std::nullopt;  // ESRCH: it ended between the open and the read.
  }
}

std::vector<pid_t> processIds(const Fd& proc) {
  // A descriptor of its own, so that every listing starts at the first entry.
  const int copy = ::openat(proc.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
  if (!listing) throw systemError("list /proc");
  std::vector<pid_t> ids;
  while (const dirent* item = ::readdir(listing.get())) {
    const std::string_view name = item->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) ids.push_back(pid);
  }
  return ids;
}

std::optional<MountNamespace> mountNamespaceOf(const Fd& proc, pid_t pid) {
  const Fd file(::openat(proc.get(), entry(pid, "ns/mnt").c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return std::nullopt;
  MountNamespace found;
  found.inode = status.st_ino;
  if (::ioctl(file.get(), getMountNamespaceId, &found.unique) != 0) found.unique = 0;
  return found;
}

Fd openProc() { return openDirectory("/proc"); }

Fd openPidfd(pid_t pid) {
  // By number: glibc 2.36 declares pidfd_open without C linkage.
  return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

Fd openProcess(const Fd& proc, pid_t pid, std::uint64_t startTime) {
  Fd process = openPidfd(pid);
  if (!process) {
    if (errno == ESRCH || errno == EINVAL) return Fd();
    throw systemError("pidfd_open " + std::to_string(pid));
  }
  // Asked after the pidfd is there: a match proves that the pidfd is of that very process.
  const auto stat = statOf(proc, pid);
  const bool same = stat && stat->startTime == startTime && stat->state != 'Z' && stat->state != 'X';
  return same ? std::move(process) : Fd();
}

void signalProcess(const Fd& process, int signal) {
  if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) != 0 && errno != ESRCH) {
    throw systemError("pidfd_send_signal");
  }
}

bool hasEnded(const Fd& process) {
  pollfd ended{process.get(), POLLIN, 0};
  if (::poll(&ended, 1, 0) <= 0) return false;
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(process.get()), &info, WEXITED | WNOHANG);
  return true;
}

std::string currentBootId() {
  auto text = readFile("/proc/sys/kernel/random/boot_id");
  if (!text) throw std::runtime_error("/proc/sys/kernel/random/boot_id is missing; is /proc mounted?");
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return *text;
}

}  // namespace moorage::agent
