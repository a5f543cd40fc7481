#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moorage {

/** The parts of a path without empty ones and `.`; refused with `bad-path` on `..`, NUL or a part over 255 bytes. */
std::vector<std::string> pathParts(std::string_view path);

/** An absolute path in its shortest form; refused with `bad-path` when it is relative or has `..` or NUL. */
std::string absolutePath(std::string_view path, std::string_view what);

/** `path` relative to `directory` (both absolute and normal): empty when equal. */
std::string relativeTo(std::string_view path, std::string_view directory);

/** Whether `path` lies below `directory` (both absolute and normal); equal paths do not. */
bool isBelow(std::string_view path, std::string_view directory);

/** `directory` + `/` + `relative`, with no double slash; an empty `relative` gives `directory`. */
std::string joinPath(std::string_view directory, std::string_view relative);

/** Where an open descriptor lies, by /proc/self/fd. */
std::string pathOfFd(int fd);

}  // namespace moorage
