/**
 * The C ABI of the isolator: bytes in, bytes out, a callback.
 *
 * A program that wants external volumes for its containers (the reference agent, the Mesos module) opens
 * `libmoorage.so` with dlopen(RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND), looks these functions up and
 * talks in frames: positional MessagePack, at most MOORAGE_FRAME_MAX bytes, a recover frame MOORAGE_RECOVER_MAX (native/frames/ builds
 * and reads them).
 *
 * All functions may be called from any thread. No function throws.
 */
#ifndef MOORAGE_H
#define MOORAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOORAGE_ABI 1u
#define MOORAGE_FRAME_MAX 262144u /* 256 KiB */
/** A `recover` frame may be larger, for it names all containers of a machine; the host hands it on in parts. */
#define MOORAGE_RECOVER_MAX 67108864u /* 64 MiB */
#define MOORAGE_EXPORT __attribute__((visibility("default")))

/**
 * A running isolator: a host thread with a policy, and a thread that looks after it. At most one is open in a process at a time.
 *
 * A host that dies (an error that nobody caught, no memory, a loop without end) takes nothing with it: a new one is started, after 0.1 s,
 * then after twice as long each time up to 10 s, for ever; each death is in the log and comes as an alert `host-down`. What was called
 * meanwhile, and what was open, is handed to the next host in the order in which it came. The limit `callMs` holds for calls that no
 * host has in its hands.
 */
typedef struct moorage_isolator moorage_isolator;

/** The answer to one call: a `reply` frame. `frame` is valid only during the callback. Runs on a thread of the isolator: do not block. */
typedef void (*moorage_reply_fn)(void* context, const uint8_t* frame, size_t size);

/** What the isolator tells without being asked: `limit` and `alert` frames. Runs on a thread of the isolator: do not block. */
typedef void (*moorage_notice_fn)(void* context, const uint8_t* frame, size_t size);

/** A line for the log of the embedding program. `level` is "debug", "info", "warn" or "error"; `text` has no line end. */
typedef void (*moorage_log_fn)(void* context, const char* level, const char* text);

typedef struct moorage_options {
  uint32_t size;             /* sizeof(moorage_options), so that fields can be added at the end */
  const char* config;        /* path of the configuration, JSON */
  const char* stateDir;      /* directory for the journal; created 0700 when missing */
  const char* hostBundle;    /* path of host.cjs; NULL: beside libmoorage.so */
  const char* policy;        /* path of policy.wasm; NULL: beside libmoorage.so */
  uint32_t startMs;          /* limit on the start, milliseconds; 0: 30000 */
  moorage_notice_fn notice;  /* may be NULL */
  moorage_log_fn log;        /* may be NULL */
  void* context;             /* handed to notice and log */
  uint32_t callMs;           /* how long a call may wait for a host that died to come back, from the call on; 0: 60000 */
  uint32_t stuckMs;          /* a host that gives no sign of life for so long is ended and started anew; 0: 10000 */
} moorage_options;

/** The ABI that this library implements; callers compare it with MOORAGE_ABI before anything else. */
MOORAGE_EXPORT uint32_t moorage_abi(void);

/**
 * Starts the host on a thread of its own: loads the policy, replays the journal, takes the configuration.
 * Returns NULL on failure and writes one sentence (what, where, why, what to do) to `error`, cut to `errorSize`.
 */
MOORAGE_EXPORT moorage_isolator* moorage_open(const moorage_options* options, char* error, size_t errorSize);

/**
 * Hands one event frame to the host. Returns 0 when it was taken: then `reply` is called exactly once. Returns -1 when it was not taken
 * (closed, or too large); no reply comes. The fields `at` and `call` of the frame are filled in by the host.
 *
 * While there is no host the call waits for the next one. What has waited longer than `callMs` is answered with the error code `host-down`
 * and forgotten. A `cleanup` is never refused for want of a host: after `callMs` it is answered ok, and the next host hears of it. So a call may
 * be heard by two hosts, and is answered once.
 */
MOORAGE_EXPORT int moorage_call(moorage_isolator* isolator, const uint8_t* frame, size_t size, moorage_reply_fn reply, void* context);

/**
 * Ends the host: waits at most `timeoutMs` for effects in flight, answers what is open with an error (a `cleanup` with ok: a recover
 * without its container says the same), frees everything. Volumes of containers that live stay mounted; the journal knows them.
 * Other threads may be calling: from now on they are refused. Of several that close at once the first does it, and the others return at once.
 */
MOORAGE_EXPORT void moorage_close(moorage_isolator* isolator, uint32_t timeoutMs);

#ifdef __cplusplus
}
#endif

#endif
