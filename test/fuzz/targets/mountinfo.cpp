/** The text of a mount table: names in it are those of volumes and sandboxes. */
#include <algorithm>
#include <cstdint>
#include <string>

#include "effects/mount_table.hpp"
#include "targets.hpp"

namespace moorage::fuzz {
namespace {

/** As the kernel writes a name (mangle_path in fs/seq_file.c). */
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const bool isPlain = std::string_view(" \t\n\\#").find(c) == std::string_view::npos;
    if (isPlain) {
      text.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    for (const int shift : {6, 3, 0}) {
      if (shift == 6) text.push_back('\\');
      text.push_back(static_cast<char>('0' + ((byte >> shift) & 7)));
    }
  }
  return text;
}

std::string lineOf(const Mount& mount) {
  const std::string peers = mount.peerGroup == 0 ? "" : "shared:" + std::to_string(mount.peerGroup) + " ";
  return std::to_string(mount.mountId) + " " + std::to_string(mount.parentId) + " " + mount.dev + " " + escaped(mount.root) + " " +
         escaped(mount.target) + " rw " + peers + "- " + escaped(mount.fstype) + " " + escaped(mount.source) + " rw\n";
}

/** `\777` is no byte: the kernel never writes it, and what is read of it is not held against anything. */
void checkAgain(const Mount& mount) {
  const auto again = parseMountinfo(lineOf(mount));
  must(again.size() == 1, "a mount that was read can be written and read again");
  must(again[0].target == mount.target && again[0].root == mount.root && again[0].source == mount.source, "with the same names");
  must(again[0].mountId == mount.mountId && again[0].parentId == mount.parentId, "with the same numbers");
  must(again[0].peerGroup == mount.peerGroup && again[0].fstype == mount.fstype, "of the same peers and file system");
}

}  // namespace

void tryMountinfo(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  must(unescapeOctal(escaped(text)) == text, "a name is read as it was written");
  must(unescapeOctal(text).size() <= size, "no name becomes longer");
  const auto mounts = parseMountinfo(text);
  must(mounts.size() <= static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1, "a line is at most one mount");
  for (const Mount& mount : mounts) checkAgain(mount);
}

}  // namespace moorage::fuzz
