#include "effects/entries.hpp"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include <memory>
#include <string_view>

#include "effects/error.hpp"
#include "effects/fd.hpp"

namespace moorage {

std::vector<std::string> entriesOf(int directory) {
  Fd copy(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy) throw systemError("open", "descriptor " + std::to_string(directory), errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy.get()), ::closedir);
  if (!entries) throw systemError("read", "descriptor " + std::to_string(directory), errno);
  copy.release();
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

}  // namespace moorage
