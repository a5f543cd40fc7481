#include "effects/lock_file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "effects/error.hpp"

namespace moorage {

bool lockFile(int fd) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  for (;;) {
    if (::fcntl(fd, F_OFD_SETLK, &whole) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    if (errno != EINTR) throw systemError("lock", "descriptor " + std::to_string(fd), errno);
  }
}

void unlockFile(int fd) {
  struct flock whole {};
  whole.l_type = F_UNLCK;
  whole.l_whence = SEEK_SET;
  ::fcntl(fd, F_OFD_SETLK, &whole);
}

}  // namespace moorage
