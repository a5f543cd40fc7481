#include "effects/proc_mounts.hpp"

#include <errno.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

namespace moorage::kernel {
namespace {

std::string procPath(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

/** The flags of a mount as mount(2) takes them. */
unsigned long keptFlags(unsigned long shown) {
  unsigned long flags = 0;
  if ((shown & ST_RDONLY) != 0) flags |= MS_RDONLY;
  if ((shown & ST_NOEXEC) != 0) flags |= MS_NOEXEC;
  if ((shown & ST_NOATIME) != 0) flags |= MS_NOATIME;
  if ((shown & ST_NODIRATIME) != 0) flags |= MS_NODIRATIME;
  if ((shown & ST_RELATIME) != 0) flags |= MS_RELATIME;
  return (flags & (MS_NOATIME | MS_RELATIME)) == 0 ? flags | MS_STRICTATIME : flags;
}

}  // namespace

bool isMissing(int error) { return error == ENOSYS || error == EPERM; }

int bindOnto(int source, int target, bool recursive) {
  const unsigned long flags = MS_BIND | (recursive ? MS_REC : 0);
  return ::mount(procPath(source).c_str(), procPath(target).c_str(), nullptr, flags, nullptr);
}

int restrictMount(int fd, bool readonly) {
  struct statvfs shown {};
  if (::fstatvfs(fd, &shown) != 0) return -1;
  const unsigned long flags = keptFlags(shown.f_flag) | MS_NOSUID | MS_NODEV | (readonly ? MS_RDONLY : 0);
  return ::mount(nullptr, procPath(fd).c_str(), nullptr, MS_REMOUNT | MS_BIND | flags, nullptr);
}

int setPropagation(int fd, uint64_t propagation) {
  return ::mount(nullptr, procPath(fd).c_str(), nullptr, propagation, nullptr);
}

int moveOnto(int fd, int target) {
  return ::mount(procPath(fd).c_str(), procPath(target).c_str(), nullptr, MS_MOVE, nullptr);
}

int mountProc(int target) {
  return ::mount("proc", procPath(target).c_str(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
}

int unmountIdle(int directory, const std::string& name) {
  return ::umount2((procPath(directory) + "/" + name).c_str(), UMOUNT_NOFOLLOW);
}

}  // namespace moorage::kernel
