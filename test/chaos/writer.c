/**
 * A task of the kill test. It appends records to a file on its volume, syncs each, and only then writes it down in a ledger that lies elsewhere:
 *
 *   writer LEDGER FILE COUNT SEED PAUSE_MS      appends
 *   writer LEDGER DIRECTORY COUNT - PAUSE_MS    only looks: the volume was given read-only
 *
 * Ledger: `B pid`, then `S sequence offset length crc32c` (synced) or `H sequence` (looked), at last `X`, or `E what errno`.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { lengthMin = 64, lengthMax = 4096, busyRecords = 200, restPause = 250000 };

static int ledger;

static void tell(const char* line) {
  if (write(ledger, line, strlen(line)) != (ssize_t)strlen(line)) _exit(4);
}

static void fail(const char* what) {
  char line[128];
  snprintf(line, sizeof line, "E %s %d\n", what, errno);
  tell(line);
  _exit(3);
}

static uint32_t next(uint32_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

/** CRC-32C (RFC 3720 B.4), bit by bit: a few thousand bytes at a time. */
static uint32_t crc32c(const unsigned char* bytes, size_t size) {
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < size; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x82f63b78u : crc >> 1;
  }
  return ~crc;
}

static void append(int file, long sequence, uint32_t* state) {
  static unsigned char record[lengthMax];
  static off_t offset;
  const size_t length = lengthMin + next(state) % (lengthMax - lengthMin);
  for (size_t i = 0; i < length; i++) record[i] = (unsigned char)next(state);
  if (pwrite(file, record, length, offset) != (ssize_t)length) fail("write");
  if (fdatasync(file) != 0) fail("fdatasync");
  char line[128];
  snprintf(line, sizeof line, "S %ld %lld %zu %u\n", sequence, (long long)offset, length, crc32c(record, length));
  tell(line);
  offset += (off_t)length;
}

static void look(const char* directory, long sequence) {
  struct statvfs status;
  if (statvfs(directory, &status) != 0) fail("statvfs");
  if ((status.f_flag & ST_RDONLY) == 0) {
    errno = 0;
    fail("writable");
  }
  char line[64];
  snprintf(line, sizeof line, "H %ld\n", sequence);
  tell(line);
}

int main(int count, char** words) {
  if (count != 6) return 2;
  ledger = open(words[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (ledger < 0) return 2;
  char line[64];
  snprintf(line, sizeof line, "B %d\n", (int)getpid());
  tell(line);
  const long records = atol(words[3]);
  const int reads = strcmp(words[4], "-") == 0;
  uint32_t state = (uint32_t)strtoul(words[4], NULL, 10) | 1u;
  const useconds_t pause = (useconds_t)(atol(words[5]) * 1000);
  int file = -1;
  if (!reads) {
    file = open(words[2], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0) fail("open");
    // The name as well is synced before anything is promised.
    const int directory = open("data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || fsync(directory) != 0) fail("fsync of the directory");
    close(directory);
  }
  for (long sequence = 1; sequence <= records; sequence++) {
    if (reads) look(words[2], sequence);
    else append(file, sequence, &state);
    // Who lives long writes less often: a volume is small.
    usleep(sequence < busyRecords ? pause : restPause);
  }
  tell("X\n");
  return 0;
}
