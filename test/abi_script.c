/*
 * A program that lives with libmoorage.so as an agent does, and does what stdin says, a line at a time:
 *   LIBRARY CONFIG STATE BUNDLE CALL_MS STUCK_MS
 *
 *   call NAME HEX     hands the frame in; "reply NAME HEX MS" is printed when its answer comes, MS after the call
 *   storm THREADS MS HEX   so many threads call this frame, and wait for each answer, for so long; then
 *                     "storm CALLS ANSWERS FAILED", and before it "failed HEX" of the first that was not ok
 *   close MS          "closed"
 *
 * Alerts are printed as "notice HEX", lines of the log as "log LEVEL TEXT". The end of stdin closes, too.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../native/moorage.h"

enum { frameMax = 65536, lineMax = 2 * frameMax + 100, threadsMax = 64, nameMax = 40 };

static moorage_isolator* (*openIsolator)(const moorage_options*, char*, size_t);
static int (*callIsolator)(moorage_isolator*, const uint8_t*, size_t, moorage_reply_fn, void*);
static void (*closeIsolator)(moorage_isolator*, uint32_t);

static moorage_isolator* isolator;
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void printFrame(const char* before, const uint8_t* frame, size_t size, const char* after) {
  pthread_mutex_lock(&printing);
  printf("%s ", before);
  for (size_t i = 0; i < size; i++) printf("%02x", frame[i]);
  printf("%s\n", after);
  fflush(stdout);
  pthread_mutex_unlock(&printing);
}

static size_t readHex(const char* text, uint8_t* frame) {
  size_t size = 0;
  for (unsigned byte; size < frameMax && sscanf(text, "%2x", &byte) == 1; text += 2) frame[size++] = (uint8_t)byte;
  return size;
}

static void onLog(void* context, const char* level, const char* text) {
  (void)context;
  pthread_mutex_lock(&printing);
  printf("log %s %s\n", level, text);
  fflush(stdout);
  pthread_mutex_unlock(&printing);
}

static void onNotice(void* context, const uint8_t* frame, size_t size) {
  (void)context;
  printFrame("notice", frame, size, "");
}

typedef struct {
  char name[nameMax + 10];
  long begun;
} Ticket;

static void onReply(void* context, const uint8_t* frame, size_t size) {
  Ticket* ticket = context;
  char took[40];
  snprintf(took, sizeof took, " %ld", now() - ticket->begun);
  printFrame(ticket->name, frame, size, took);
  free(ticket);
}

static void call(const char* line) {
  static uint8_t frame[frameMax];
  char name[nameMax + 1];
  int hex = 0;
  if (sscanf(line, "call %40s %n", name, &hex) != 1 || hex == 0) return;
  Ticket* ticket = malloc(sizeof *ticket);
  snprintf(ticket->name, sizeof ticket->name, "reply %s", name);
  ticket->begun = now();
  if (callIsolator(isolator, frame, readHex(line + hex, frame), onReply, ticket) == 0) return;
  printf("refused %s\n", name);
  free(ticket);
}

static uint8_t stormFrame[frameMax];
static size_t stormSize;
static long stormEnd;
static atomic_long called, answered, failed;

typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int isOpen;
} Caller;

/* A reply is [schema, type, call, ok, ...]; how many bytes the number of the call takes depends on its mark. */
static int isOk(const uint8_t* frame, size_t size) {
  const uint8_t mark = size > 3 ? frame[3] : 0;
  const size_t number = mark < 0x80 ? 1 : mark == 0xcc ? 2 : mark == 0xcd ? 3 : mark == 0xce || mark == 0xca ? 5 : 9;
  return size > 3 + number && frame[3 + number] == 0xc3;
}

static void onStormReply(void* context, const uint8_t* frame, size_t size) {
  Caller* caller = context;
  atomic_fetch_add(&answered, 1);
  if (!isOk(frame, size) && atomic_fetch_add(&failed, 1) == 0) printFrame("failed", frame, size, "");
  pthread_mutex_lock(&caller->lock);
  caller->isOpen = 0;
  pthread_cond_signal(&caller->changed);
  pthread_mutex_unlock(&caller->lock);
}

static void* callOn(void* unused) {
  (void)unused;
  Caller caller = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  while (now() < stormEnd) {
    caller.isOpen = 1;
    if (callIsolator(isolator, stormFrame, stormSize, onStormReply, &caller) != 0) break;
    atomic_fetch_add(&called, 1);
    pthread_mutex_lock(&caller.lock);
    while (caller.isOpen) pthread_cond_wait(&caller.changed, &caller.lock);
    pthread_mutex_unlock(&caller.lock);
  }
  return NULL;
}

static void storm(const char* line) {
  pthread_t threads[threadsMax];
  int count = 0, hex = 0;
  long forMs = 0;
  if (sscanf(line, "storm %d %ld %n", &count, &forMs, &hex) != 2 || count > threadsMax) return;
  stormSize = readHex(line + hex, stormFrame);
  stormEnd = now() + forMs;
  for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, callOn, NULL);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  printf("storm %ld %ld %ld\n", atomic_load(&called), atomic_load(&answered), atomic_load(&failed));
  fflush(stdout);
}

static void closeIt(unsigned forMs) {
  if (isolator == NULL) return;
  closeIsolator(isolator, forMs);
  isolator = NULL;
  puts("closed");
  fflush(stdout);
}

int main(int argc, char** argv) {
  void* library = argc > 6 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) : NULL;
  if (library == NULL) return puts(argc > 6 ? dlerror() : "LIBRARY CONFIG STATE BUNDLE CALL_MS STUCK_MS"), 2;
  *(void**)&openIsolator = dlsym(library, "moorage_open");
  *(void**)&callIsolator = dlsym(library, "moorage_call");
  *(void**)&closeIsolator = dlsym(library, "moorage_close");
  const moorage_options options = {.size = sizeof options, .config = argv[2], .stateDir = argv[3], .hostBundle = argv[4],
                                   .callMs = (uint32_t)atoi(argv[5]), .stuckMs = (uint32_t)atoi(argv[6]),
                                   .notice = onNotice, .log = onLog};
  char error[1000] = "";
  isolator = openIsolator(&options, error, sizeof error);
  if (isolator == NULL) return printf("not opened: %s\n", error), 1;
  puts("opened");
  fflush(stdout);
  static char line[lineMax];
  while (isolator != NULL && fgets(line, sizeof line, stdin) != NULL) {
    if (strncmp(line, "call ", 5) == 0) call(line);
    if (strncmp(line, "storm ", 6) == 0) storm(line);
    if (strncmp(line, "close ", 6) == 0) closeIt((unsigned)atoi(line + 6));
  }
  closeIt(1000);
  return 0;
}
