#include "loop/loop_device.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "effects/error.hpp"

namespace moorage {
namespace {

constexpr int attachTriesMax = 100;
constexpr auto attachPauseMax = std::chrono::milliseconds(16);

[[noreturn]] void fail(int error, const std::string& image, const std::string& step, const std::string& hint = {}) {
  throw systemError("attach to a loop device", image + ": " + step, error, FailureKind::failed, hint);
}

/** A device number as the loop driver reports it in `lo_device` (the kernel's huge_encode_dev). */
uint64_t encodeDevice(dev_t device) {
  const uint64_t major = gnu_dev_major(device);
  const uint64_t minor = gnu_dev_minor(device);
  return (minor & 0xff) | (major << 8) | ((minor & ~uint64_t{0xff}) << 12);
}

/** Errors of a device that is not attached, is just being cleared, or has gone since it was listed. */
bool isDetached(int error) { return error == ENXIO || error == ENOENT || error == ENODEV; }

/** The names of the loop devices that show some file at this moment. */
std::vector<std::string> attachedNames(const std::string& image) {
  std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/sys/block"), closedir);
  if (!directory) fail(errno, image, "opendir /sys/block");
  std::vector<std::string> names;
  while (const dirent* entry = readdir(directory.get())) {
    if (std::strncmp(entry->d_name, "loop", 4) != 0) continue;
    const std::string backing = std::string("/sys/block/") + entry->d_name + "/loop/backing_file";
    if (access(backing.c_str(), F_OK) == 0) names.emplace_back(entry->d_name);
  }
  return names;
}

std::optional<LoopDevice> openIfShows(const std::string& path, const struct stat& file, const std::string& image) {
  Fd device(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!device) {
    if (isDetached(errno)) return std::nullopt;
    fail(errno, image, "open " + path + " to see whether the image is attached already");
  }
  loop_info64 info{};
  if (ioctl(device.get(), LOOP_GET_STATUS64, &info) != 0) {
    if (isDetached(errno)) return std::nullopt;
    fail(errno, image, "LOOP_GET_STATUS64 of " + path);
  }
  if (info.lo_inode != file.st_ino || info.lo_device != encodeDevice(file.st_dev)) return std::nullopt;
  if (info.lo_offset != 0 || info.lo_sizelimit != 0 || (info.lo_flags & LO_FLAGS_READ_ONLY) != 0) {
    fail(EBUSY, image, path + " shows it read-only or in part", "detach it first: losetup -d " + path);
  }
  return LoopDevice{std::move(device), path};
}

/** One configuration of an unbound device. Returns 0 or the errno. */
int configure(int device, int imageFd, const std::string& image, uint32_t flags) {
  loop_config config{};
  config.fd = static_cast<uint32_t>(imageFd);
  config.info.lo_flags = flags;
  // Only a label of at most 63 bytes for `losetup`; the kernel knows the file itself.
  const size_t size = std::min(image.size(), sizeof(config.info.lo_file_name) - 1);
  std::memcpy(config.info.lo_file_name, image.data(), size);
  return ioctl(device, LOOP_CONFIGURE, &config) == 0 ? 0 : errno;
}

int configureDirectIfPossible(int device, int imageFd, const std::string& image) {
  const int error = configure(device, imageFd, image, LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO);
  // Newer kernels turn direct I/O off by themselves where the file cannot do it, older ones may refuse the flag.
  return error == EINVAL ? configure(device, imageFd, image, LO_FLAGS_AUTOCLEAR) : error;
}

/** The path of a device that nobody used a moment ago. */
std::string freeDevice(int control, const std::string& image) {
  const int number = ioctl(control, LOOP_CTL_GET_FREE);
  if (number < 0) fail(errno, image, "LOOP_CTL_GET_FREE");
  return "/dev/loop" + std::to_string(number);
}

/** Configures a device that is free. Returns 0 or the errno. */
int attachFree(int control, int imageFd, const std::string& image, LoopDevice& attached) {
  // The kernel names everybody the same device, and one gets it: of two hundred threads of ours some would lose a hundred times.
  static std::mutex one;
  const std::lock_guard lock(one);
  attached.path = freeDevice(control, image);
  attached.fd = Fd(open(attached.path.c_str(), O_RDWR | O_CLOEXEC));
  return attached.fd ? configureDirectIfPossible(attached.fd.get(), imageFd, image) : errno;
}

}  // namespace

std::optional<LoopDevice> findLoopDevice(int imageFd, const std::string& image) {
  struct stat file {};
  if (fstat(imageFd, &file) != 0) fail(errno, image, "fstat");
  for (const std::string& name : attachedNames(image)) {
    if (auto device = openIfShows("/dev/" + name, file, image)) return device;
  }
  return std::nullopt;
}

LoopDevice attachLoopDevice(int imageFd, const std::string& image) {
  Fd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) fail(errno, image, "open /dev/loop-control", "load the module: modprobe loop");
  auto pause = std::chrono::milliseconds(1);
  for (int attempt = 1;; ++attempt) {
    LoopDevice attached;
    const int error = attachFree(control.get(), imageFd, image, attached);
    if (error == 0) return attached;
    // Taken by another process since the kernel named it, or its node in /dev is not there yet.
    const bool mayPass = error == EBUSY || isDetached(error);
    if (!mayPass || attempt == attachTriesMax) {
      fail(error, image, (attached.fd ? "LOOP_CONFIGURE " : "open ") + attached.path + ", try " + std::to_string(attempt));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, attachPauseMax);
  }
}

}  // namespace moorage
