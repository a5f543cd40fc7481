#include "agent/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "agent/error.hpp"

namespace moorage::agent {

std::string readAll(const Fd& file) {
  std::string content;
  char chunk[65536];
  for (;;) {
    const ssize_t count = ::read(file.get(), chunk, sizeof chunk);
    if (count > 0) {
      content.append(chunk, static_cast<std::size_t>(count));
    } else if (count == 0) {
      return content;
    } else if (errno != EINTR) {
      throw systemError("read");
    }
  }
}

std::optional<std::string> readFile(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!file) throw systemError("open " + path);
  try {
    return readAll(file);
  } catch (const std::exception& problem) {
    throw std::runtime_error(path + ": " + problem.what());
  }
}

void writeAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      throw systemError("write");
    }
  }
}

Fd openDirectory(const std::string& path) {
  Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw systemError("open directory " + path);
  return directory;
}

void writeDurably(const Fd& directory, const std::string& name, std::string_view bytes) {
  const std::string aside = name + ".new";
  const Fd file(::openat(directory.get(), aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) throw systemError("create " + aside);
  writeAll(file.get(), bytes);
  if (::fsync(file.get()) != 0) throw systemError("fsync " + aside);
  if (::renameat(directory.get(), aside.c_str(), directory.get(), name.c_str()) != 0) {
    throw systemError("rename " + aside + " to " + name);
  }
  if (::fsync(directory.get()) != 0) throw systemError("fsync the directory of " + name);
}

void makeDirectory(const std::string& parent, const std::string& name, unsigned mode) {
  const Fd above = openDirectory(parent);
  if (::mkdirat(above.get(), name.c_str(), mode) != 0) throw systemError("mkdir " + parent + "/" + name);
  if (::fsync(above.get()) != 0) throw systemError("fsync " + parent);
}

}  // namespace moorage::agent
