#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "effects/fd.hpp"

namespace moorage::agent {

/** The whole file; none when there is no such file. Throws on any other failure. */
std::optional<std::string> readFile(const std::string& path);

/** Everything up to the end of the stream. Throws on failure. */
std::string readAll(const Fd& file);

/** All bytes, also over short writes. Throws on failure. */
void writeAll(int file, std::string_view bytes);

/** Opens a directory for reading its entries and for syncing. Throws when it is not there. */
Fd openDirectory(const std::string& path);

/**
 * Puts a file (mode 0600) into a directory such that after a crash there is either the old content or the new one, whole:
 * written aside, synced, renamed, directory synced. Throws on failure.
 */
void writeDurably(const Fd& directory, const std::string& name, std::string_view bytes);

/** Makes a directory that must not be there yet, durably. Throws on failure. */
void makeDirectory(const std::string& parent, const std::string& name, unsigned mode);

}  // namespace moorage::agent
