#pragma once

#include <cstdint>

namespace moorage::kernel {

/**
 * What openat2(2) does, step by step with O_PATH descriptors, for kernels before 5.6 and filters that refuse it. No step
 * follows a link or goes by a name that was looked at before, so whoever renames things meanwhile gains nothing. Both give
 * -1 and set errno on failure. `flags` are O_PATH or O_RDONLY, with or without O_DIRECTORY; the descriptor closes on exec.
 */

/**
 * `path` beneath `directory`. ELOOP where a link is in the way, EXDEV on `..` and, with `sameMount`, where another mount
 * begins. An absolute path is taken from `directory`.
 */
int walkBeneath(int directory, const char* path, uint64_t flags, bool sameMount);

/** An absolute path whose links are read and followed by their text; procfs' magic ones are refused with ELOOP. */
int walkFollowing(const char* path, uint64_t flags);

}  // namespace moorage::kernel
