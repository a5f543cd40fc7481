/*
 * Preloaded into node: ends the process with SIGKILL right before the Nth call that changes something on the disk or among the mounts. N stands in the
 * file named by MOORAGE_DIE_FILE; as long as that is not there nothing is counted. The name of the call is left in the same file with .at behind.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int armed;
static atomic_long left;

/* Past these wrappers, or they would count their own calls. */
static int openRaw(const char* path, int flags) { return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600); }

static void arm(const char* path) {
  char text[32] = "";
  const int file = openRaw(path, O_RDONLY);
  if (file < 0) return;
  const long size = syscall(SYS_read, file, text, sizeof text - 1);
  syscall(SYS_close, file);
  if (size <= 0) return;
  atomic_store(&left, atol(text));
  atomic_store(&armed, 1);
}

static void count(const char* call) {
  const int before = errno;
  const char* path = getenv("MOORAGE_DIE_FILE");
  // Children of the driver (mkfs) are not meant.
  if (path != NULL && strcmp(program_invocation_short_name, "node") == 0) {
    if (!atomic_load(&armed)) arm(path);
    if (atomic_load(&armed) && atomic_fetch_sub(&left, 1) == 1) {
      char at[4096];
      snprintf(at, sizeof at, "%s.at", path);
      const int file = openRaw(at, O_WRONLY | O_CREAT | O_TRUNC);
      syscall(SYS_write, file, call, strlen(call));
      kill(getpid(), SIGKILL);
      pause();
    }
  }
  errno = before;
}

static int isFile(int fd) {
  struct stat facts;
  return fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if ((flags & O_CREAT) != 0) count("open");
  return REAL(open64)(path, flags, mode);
}

int rename(const char* from, const char* to) { count("rename"); return REAL(rename)(from, to); }
int mkdir(const char* path, mode_t mode) { count("mkdir"); return REAL(mkdir)(path, mode); }
int rmdir(const char* path) { count("rmdir"); return REAL(rmdir)(path); }
int unlink(const char* path) { count("unlink"); return REAL(unlink)(path); }
int chmod(const char* path, mode_t mode) { count("chmod"); return REAL(chmod)(path, mode); }
int chown(const char* path, uid_t uid, gid_t gid) { count("chown"); return REAL(chown)(path, uid, gid); }
int ftruncate64(int fd, off64_t size) { count("ftruncate"); return REAL(ftruncate64)(fd, size); }
int fsync(int fd) { count("fsync"); return REAL(fsync)(fd); }

ssize_t write(int fd, const void* bytes, size_t size) {
  if (isFile(fd)) count("write");
  return REAL(write)(fd, bytes, size);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  if (isFile(fd)) count("write");
  return REAL(pwrite64)(fd, bytes, size, at);
}

int ioctl(int fd, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void* argument = va_arg(rest, void*);
  va_end(rest);
  if (request == LOOP_CTL_GET_FREE) count("LOOP_CTL_GET_FREE");
  if (request == LOOP_CONFIGURE) count("LOOP_CONFIGURE");
  return REAL(ioctl)(fd, request, argument);
}

int fsconfig(int fd, unsigned int command, const char* key, const void* value, int aux) {
  if (command == FSCONFIG_CMD_CREATE) count("fsconfig");
  return REAL(fsconfig)(fd, command, key, value, aux);
}

int fsmount(int fd, unsigned int flags, unsigned int attributes) { count("fsmount"); return REAL(fsmount)(fd, flags, attributes); }

int move_mount(int from, const char* fromPath, int to, const char* toPath, unsigned int flags) {
  count("move_mount");
  return REAL(move_mount)(from, fromPath, to, toPath, flags);
}

int mount(const char* source, const char* target, const char* type, unsigned long flags, const void* data) {
  count("mount");
  return REAL(mount)(source, target, type, flags, data);
}

int umount2(const char* path, int flags) { count("umount2"); return REAL(umount2)(path, flags); }
