/*
 * The client that Mesos' docker/volume runs, as far as it needs one: `dvdcli mount|unmount --volumedriver=D --volumename=N` by Docker's
 * plugin protocol to $DVDCLI_SOCKETS/D.sock. Mount prints the mountpoint. Exit code 1, with the answer on stderr, when there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char* what, const char* detail) {
  fprintf(stderr, "dvdcli: %s: %s\n", what, detail);
  return 1;
}

static const char* option(int count, char** words, const char* name) {
  const size_t size = strlen(name);
  for (int i = 2; i < count; i += 1) {
    if (strncmp(words[i], name, size) == 0 && words[i][size] == '=') return words[i] + size + 1;
  }
  return NULL;
}

static int connectTo(const char* driver) {
  const char* sockets = getenv("DVDCLI_SOCKETS");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int size = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s.sock", sockets ? sockets : "", driver);
  if (size < 0 || (size_t)size >= sizeof address.sun_path) return -1;
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return fd >= 0 && connect(fd, (struct sockaddr*)&address, sizeof address) == 0 ? fd : -1;
}

/* The whole answer, headers included, ended by a NUL; the server closes after it. */
static size_t ask(int fd, const char* method, const char* name, char* answer, size_t room) {
  char body[512], request[1024];
  const int length = snprintf(body, sizeof body, "{\"Name\":\"%s\",\"ID\":\"dvdcli\"}", name);
  const int size = snprintf(request, sizeof request,
                            "POST /VolumeDriver.%s HTTP/1.1\r\nHost: d\r\nConnection: close\r\n"
                            "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                            method, length, body);
  size_t have = 0;
  if (length >= (int)sizeof body || size >= (int)sizeof request || write(fd, request, (size_t)size) != size) return 0;
  for (ssize_t got; have + 1 < room && (got = read(fd, answer + have, room - have - 1)) > 0;) have += (size_t)got;
  answer[have] = 0;
  return have;
}

int main(int count, char** words) {
  const char* driver = option(count, words, "--volumedriver");
  const char* name = option(count, words, "--volumename");
  if (!driver || !name) return fail("usage", "dvdcli mount|unmount --volumedriver=D --volumename=N");
  const int mounts = strcmp(words[1], "mount") == 0;
  const int fd = connectTo(driver);
  if (fd < 0) return fail("no connection to driver", driver);
  static char answer[65536];
  if (ask(fd, mounts ? "Mount" : "Unmount", name, answer, sizeof answer) == 0) return fail("no answer of driver", driver);
  if (!strstr(answer, " 200 ")) return fail("refused", answer);
  if (!mounts) return 0;
  const char* key = strstr(answer, "\"Mountpoint\"");
  const char* from = key ? strchr(key + strlen("\"Mountpoint\""), '"') : NULL;
  const char* end = from ? strchr(from + 1, '"') : NULL;
  if (!end) return fail("no mountpoint", answer);
  printf("%.*s\n", (int)(end - from - 1), from + 1);
  return 0;
}
