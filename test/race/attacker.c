/*
 * Somebody who renames and mounts as fast as he can, until he is ended.
 *   exchange ONE OTHER   gives each the other's name, at once
 *   cover DIRECTORY      mounts over it and unmounts that again; says at the end how often his mount was gone before
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void end(int signal) {
  (void)signal;
  ended = 1;
}

static int exchange(const char* one, const char* other) {
  while (!ended) {
    // A mount on it, or a name that is missing for a moment, keeps him from it only so long.
    if (syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) != 0 && errno != EBUSY && errno != ENOENT) {
      perror("exchange");
      return 1;
    }
  }
  return 0;
}

static int cover(const char* directory) {
  long lost = 0;
  while (!ended) {
    if (mount("attacker", directory, "tmpfs", 0, "size=64k") != 0) {
      if (errno == ENOENT) continue;
      perror("cover");
      return 1;
    }
    usleep(20);
    if (umount2(directory, MNT_DETACH) != 0) lost++;
  }
  printf("%ld\n", lost);
  return 0;
}

int main(int argc, char** argv) {
  signal(SIGTERM, end);
  if (argc == 4 && strcmp(argv[1], "exchange") == 0) return exchange(argv[2], argv[3]);
  if (argc == 3 && strcmp(argv[1], "cover") == 0) return cover(argv[2]);
  return 2;
}
