#pragma once

#include <cstdint>

namespace moorage {

/**
 * Reserves room on the disk for `length` bytes of an open file from `offset` on, also beyond its end; its size stays as it is
 * (fallocate(2), FALLOC_FL_KEEP_SIZE). What is reserved already costs nothing.
 *
 * Throws EffectError: ENOSPC, EDQUOT when there is no room, EOPNOTSUPP when the file system cannot reserve.
 */
void allocateFile(int fd, uint64_t offset, uint64_t length);

}  // namespace moorage
