/*
 * make FOLDER COUNT     binds COUNT directories of FOLDER, 0 and on, to themselves, and a line `made`
 * unmount PATH…         unmounts each at once; after each a line with the time (CLOCK_MONOTONIC, nanoseconds) at which it was gone
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

static int fail(const char* path) {
  perror(path);
  return 1;
}

static int make(const char* folder, long count) {
  char path[4096];
  for (long i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/%ld", folder, i);
    if (mkdir(path, 0700) != 0 || mount(path, path, NULL, MS_BIND, NULL) != 0) return fail(path);
  }
  puts("made");
  return 0;
}

static int unmount(const char* path) {
  struct timespec now;
  if (umount2(path, MNT_DETACH) != 0) return fail(path);
  clock_gettime(CLOCK_MONOTONIC, &now);
  printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 4 && strcmp(argv[1], "make") == 0) return make(argv[2], atol(argv[3]));
  if (argc < 3 || strcmp(argv[1], "unmount") != 0) return 2;
  for (int i = 2; i < argc; i++) {
    if (unmount(argv[i]) != 0) return 1;
  }
  return 0;
}
