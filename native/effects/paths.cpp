#include "effects/paths.hpp"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "effects/error.hpp"

namespace moorage {

std::vector<std::string> pathParts(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) throw refusal("bad-path", "the path has a NUL byte in it");
  std::vector<std::string> parts;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part == "..") throw refusal("bad-path", "the path " + std::string(path) + " has .. in it");
    if (part.size() > NAME_MAX) throw refusal("bad-path", "the path has a part of more than 255 bytes: " + std::string(part));
    if (!part.empty() && part != ".") parts.emplace_back(part);
    begin = end + 1;
  }
  return parts;
}

std::string absolutePath(std::string_view path, std::string_view what) {
  if (path.empty() || path.front() != '/') {
    throw refusal("bad-path", std::string(what) + " must be an absolute path, it is \"" + std::string(path) + "\"");
  }
  std::string normal;
  for (const std::string& part : pathParts(path)) normal.append("/").append(part);
  return normal.empty() ? "/" : normal;
}

bool isBelow(std::string_view path, std::string_view directory) {
  if (directory == "/") return path.size() > 1;
  return path.size() > directory.size() + 1 && path.substr(0, directory.size()) == directory &&
         path[directory.size()] == '/';
}

std::string relativeTo(std::string_view path, std::string_view directory) {
  if (!isBelow(path, directory)) return {};
  return std::string(path.substr(directory == "/" ? 1 : directory.size() + 1));
}

std::string joinPath(std::string_view directory, std::string_view relative) {
  std::string joined(directory);
  if (relative.empty()) return joined;
  if (joined.empty() || joined.back() != '/') joined.push_back('/');
  return joined.append(relative);
}

std::string pathOfFd(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::string path(PATH_MAX, '\0');
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  if (size < 0) throw systemError("readlink", link, errno);
  path.resize(static_cast<size_t>(size));
  return path;
}

}  // namespace moorage
