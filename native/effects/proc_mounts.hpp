#pragma once

#include <cstdint>
#include <string>

namespace moorage::kernel {

/**
 * mount(2) between descriptors, by way of /proc/self/fd, for kernels without the calls that take descriptors (before 5.12)
 * and filters that refuse those. All give -1 and set errno on failure.
 */

/** Whether an error says that a call is not to be had here: an old kernel's answer, and that of filters. */
bool isMissing(int error);

/** Binds the directory `source` onto `target`; with `recursive` with all that is mounted below it. */
int bindOnto(int source, int target, bool recursive = false);

/**
 * Makes the mount whose root `fd` is nosuid and nodev, and read-only where asked. What else holds for it (noexec, noatime, …)
 * stays: a remount takes away what it does not name.
 */
int restrictMount(int fd, bool readonly);

/** MS_PRIVATE, MS_SHARED or MS_SLAVE for the mount whose root `fd` is. */
int setPropagation(int fd, uint64_t propagation);

/** Moves the mount whose root `fd` is onto `target`; the mount that it lies on must not be shared. */
int moveOnto(int fd, int target);

/** A fresh proc on `target`: nosuid, nodev, noexec. */
int mountProc(int target);

/** Unmounts what is mounted at `name` in `directory` when nobody uses it. A descriptor of the mount itself would be a use. */
int unmountIdle(int directory, const std::string& name);

}  // namespace moorage::kernel
