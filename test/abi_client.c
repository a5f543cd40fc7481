/* A program that lives with libmoorage.so as an agent does: LIBRARY CONFIG STATE SCENARIO [BUNDLE]. It prints what happened. */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../native/moorage.h"

enum { callCount = 5, waitMs = 5000 };

static moorage_isolator* (*openIsolator)(const moorage_options*, char*, size_t);
static int (*callIsolator)(moorage_isolator*, const uint8_t*, size_t, moorage_reply_fn, void*);
static void (*closeIsolator)(moorage_isolator*, uint32_t);

static moorage_isolator* isolator;
static atomic_int sent, closed, answered, late;

static void waitFor(atomic_int* flag) {
  for (int ms = 0; ms < waitMs && !atomic_load(flag); ms++) usleep(1000);
}

static void onLog(void* context, const char* level, const char* text) {
  (void)context;
  if (atomic_load(&closed)) atomic_fetch_add(&late, 1);
  printf("log %s [%s]\n", level, text);
}

/* The first answer closes the isolator, on the host's own thread, while the other calls are open. */
static void onReply(void* context, const uint8_t* frame, size_t size) {
  (void)context, (void)frame, (void)size;
  if (atomic_load(&closed)) atomic_fetch_add(&late, 1);
  if (atomic_fetch_add(&answered, 1) != 0) return;
  waitFor(&sent);
  closeIsolator(isolator, 1000);
  atomic_store(&closed, 1);
}

static int start(moorage_options* options, uint32_t startMs) {
  char error[1000] = "";
  options->startMs = startMs;
  isolator = openIsolator(options, error, sizeof error);
  printf("%s\n", isolator != NULL ? "opened" : error);
  return isolator != NULL;
}

static void closeFromCallback(void) {
  const uint8_t noEvent = 0x90;
  int taken = 0;
  for (int i = 0; i < callCount; i++) taken += callIsolator(isolator, &noEvent, 1, onReply, NULL) == 0;
  atomic_store(&sent, 1);
  waitFor(&closed);
  usleep(300000);
  printf("taken %d answered %d late %d\n", taken, atomic_load(&answered), atomic_load(&late));
}

int main(int argc, char** argv) {
  void* library = argc > 4 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) : NULL;
  if (library == NULL) return puts(argc > 4 ? dlerror() : "LIBRARY CONFIG STATE SCENARIO [BUNDLE]"), 2;
  *(void**)&openIsolator = dlsym(library, "moorage_open");
  *(void**)&callIsolator = dlsym(library, "moorage_call");
  *(void**)&closeIsolator = dlsym(library, "moorage_close");
  moorage_options options = {.size = sizeof options, .config = argv[2], .stateDir = argv[3], .hostBundle = argv[5], .log = onLog};
  if (strcmp(argv[4], "start-too-slow") == 0) start(&options, 1);
  if (!start(&options, 0)) return 1;
  if (strcmp(argv[4], "close-in-callback") == 0) return closeFromCallback(), 0;
  closeIsolator(isolator, 1000);
  return 0;
}
