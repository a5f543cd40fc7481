#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moorage {

/** A mount as the kernel knows it. */
struct Mount {
  std::string target;
  uint64_t mountId = 0;  // unique for this boot where the kernel has such ids (6.8), else the table's own
  std::string source;
  std::string fstype;
  std::string root;  // the directory of the file system that it shows
  std::string dev;   // `major:minor`
  uint64_t parentId = 0;   // as the table has it, never the unique one
  uint64_t peerGroup = 0;  // of a shared mount, else 0
};

/** Reads the text of a mountinfo file (proc_pid_mountinfo(5)); ids are the table's own. Lines it cannot read are left out. */
std::vector<Mount> parseMountinfo(std::string_view text);

/** `\040` and its like become the characters they stand for. */
std::string unescapeOctal(std::string_view text);

/**
 * The caller's mounts, in the table's order. With unique ids the table holds the mounts that existed during the whole
 * reading: the ids of mountinfo are given away again, so one that came or went meanwhile cannot be told apart.
 */
std::vector<Mount> readMountTable();

/** The mounts of another process, with the table's own ids unless it lives in the caller's namespace. Fails with ESRCH when it is gone. */
std::vector<Mount> readMountTableOf(int pid);

/** The mount table of a process without a look at its namespace; ids are the table's own. Fails with ESRCH when it is gone. */
std::vector<Mount> readTableFile(const std::string& pid);

}  // namespace moorage
