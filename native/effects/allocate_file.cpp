#include "effects/allocate_file.hpp"

#include <errno.h>
#include <fcntl.h>

#include <string>

#include "effects/error.hpp"

namespace moorage {

void allocateFile(int fd, uint64_t offset, uint64_t length) {
  for (;;) {
    if (::fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(length)) == 0) return;
    if (errno != EINTR) throw systemError("fallocate", "descriptor " + std::to_string(fd), errno);
  }
}

}  // namespace moorage
