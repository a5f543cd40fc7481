#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "effects/fd.hpp"

namespace moorage::kernel {

/**
 * Thin wrappers over system calls that the C library lacks or that need care. All return -1 and set errno on failure,
 * and retry EINTR. Sources: openat2(2), open_tree(2), move_mount(2), mount_setattr(2), statmount(2), listmount(2).
 */

/** The three that open a path walk it step by step where openat2 is missing: path_walk.hpp. */

/** openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS plus `extraResolve`; close-on-exec. */
int openBeneath(int directory, const char* path, uint64_t flags, uint64_t extraResolve = 0);

/** openat2 of an absolute path that may pass symbolic links, but none of procfs' magic ones. */
int openFollowing(const char* path, uint64_t flags);

/** openat2 of an absolute path that must not pass any symbolic link. */
int openStrict(const char* path, uint64_t flags);

/** A detached copy of the mount that `fd` lies on, with `fd` as its root. */
int cloneMount(int fd);

/** Sets and clears attributes (MOUNT_ATTR_*) of the mount whose root `fd` is; `propagation` is 0 or MS_PRIVATE, MS_SHARED, … */
int setMountAttributes(int fd, uint64_t set, uint64_t clear, uint64_t propagation);

/** Puts the detached mount `tree` onto the directory `target`, both by descriptor. */
int attachMount(int tree, int target);

/** Lazily unmounts the mount whose root `fd` is; where another has come to lie on top of it, umount(2) takes that one. */
int detachMount(int fd);

/** What statx tells of an open file without asking the file system's server. */
struct FdFacts {
  uint64_t mountId = 0;
  bool mountRoot = false;
};

/**
 * Facts of `fd`; the id is the unique one when `uniqueIds`. Before Linux 5.8 procfs tells the other one, and only directories
 * count as roots, `/` not among them.
 */
int factsOf(int fd, bool uniqueIds, FdFacts& facts);

/** What statmount tells of one mount. */
struct MountFacts {
  uint64_t parentId = 0;
  uint32_t oldId = 0;
  uint32_t devMajor = 0;
  uint32_t devMinor = 0;
  std::string root;
  std::string target;
  std::string fstype;
};

/** The id that mountinfo shows for a unique id. */
int oldMountId(uint64_t uniqueId, uint32_t& oldId);

/** Everything of one mount of the caller's namespace. */
int statMount(uint64_t uniqueId, MountFacts& facts);

/** Unique ids of all mounts in the caller's namespace. */
int listMounts(std::vector<uint64_t>& uniqueIds);

/** Whether statx, statmount and listmount all speak unique ids (Linux 6.8, and no filter in the way). Asked once. */
bool hasUniqueMountIds();

}  // namespace moorage::kernel
