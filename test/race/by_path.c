/*
 * The control: the same work done with paths, as it is usually done, for so many milliseconds. What the attacker gains on it shows that he is
 * quick enough. Each prints how many rounds there were, and
 *   mount SOURCE TARGET OUTSIDE MS     binds on TARGET; how often OUTSIDE was mounted on instead
 *   unmount TARGET OUTSIDE MS          unmounts what is at TARGET, which nothing of ours is; how often what is mounted on OUTSIDE went
 *   make TARGET OUTSIDE MS             makes TARGET a directory of another user; how often something within OUTSIDE was given away
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static dev_t deviceOf(const char* path) {
  struct stat facts;
  return stat(path, &facts) == 0 ? facts.st_dev : 0;
}

static long rounds;
static struct timespec end;

static int goesOn(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  rounds++;
  return now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec);
}

static void endIn(long ms) {
  clock_gettime(CLOCK_MONOTONIC, &end);
  const long nanoseconds = end.tv_nsec + ms % 1000 * 1000000;
  end.tv_sec += ms / 1000 + nanoseconds / 1000000000;
  end.tv_nsec = nanoseconds % 1000000000;
}

/** The directory itself, not what the attacker puts in its place; whatever is mounted on it is taken away by this. */
static int openReal(const char* target, const char* outside) {
  for (;;) {
    const int fd = open(target, O_PATH | O_DIRECTORY);
    struct stat facts, other;
    if (fd >= 0 && fstat(fd, &facts) == 0 && stat(outside, &other) == 0 && facts.st_dev != other.st_dev) return fd;
    close(fd);
  }
}

static long mountByPath(const char* source, const char* target, const char* outside) {
  const dev_t before = deviceOf(outside);
  long escapes = 0;
  char real[64];
  snprintf(real, sizeof real, "/proc/self/fd/%d", openReal(target, outside));
  while (goesOn()) {
    if (mount(source, target, NULL, MS_BIND, NULL) != 0) continue;
    if (deviceOf(outside) != before) {
      escapes++;
      umount2(outside, MNT_DETACH);
    } else {
      umount2(real, MNT_DETACH);
    }
  }
  return escapes;
}

static long unmountByPath(const char* target, const char* outside) {
  dev_t before = deviceOf(outside);
  long lost = 0;
  while (goesOn()) {
    umount2(target, MNT_DETACH);
    if (deviceOf(outside) == before) continue;
    lost++;
    if (mount("foreign", outside, "tmpfs", 0, "size=64k") != 0) return -1;
    before = deviceOf(outside);
  }
  return lost;
}

static long makeByPath(const char* target, const char* outside) {
  struct stat facts;
  long escapes = 0;
  while (goesOn()) {
    mkdir(target, 0700);
    if (chown(target, 1234, 1234) != 0) continue;
    if (stat(outside, &facts) != 0 || facts.st_uid != 1234) continue;
    escapes++;
    if (chown(outside, 0, 0) != 0) return -1;
  }
  return escapes;
}

int main(int argc, char** argv) {
  long found = -1;
  if (argc > 1) endIn(atol(argv[argc - 1]));
  if (argc == 6 && strcmp(argv[1], "mount") == 0) found = mountByPath(argv[2], argv[3], argv[4]);
  if (argc == 5 && strcmp(argv[1], "unmount") == 0) found = unmountByPath(argv[2], argv[3]);
  if (argc == 5 && strcmp(argv[1], "make") == 0) found = makeByPath(argv[2], argv[3]);
  printf("%ld %ld\n", rounds, found);
  return found < 0;
}
