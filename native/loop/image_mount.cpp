#include "loop/image_mount.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <thread>

#include "effects/error.hpp"
#include "effects/fd.hpp"
#include "effects/paths.hpp"
#include "effects/proc_mounts.hpp"
#include "loop/loop_device.hpp"

namespace moorage {
namespace {

constexpr auto unmountPauseMax = std::chrono::milliseconds(50);

[[noreturn]] void fail(int error, const ImageMountRequest& request, const std::string& step) {
  throw systemError("mount " + request.image + " on", request.target + ": " + step, error);
}

Fd openImage(const ImageMountRequest& request) {
  Fd image(open(request.image.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!image) fail(errno, request, "open the image");
  struct stat file {};
  if (fstat(image.get(), &file) != 0) fail(errno, request, "fstat the image");
  if (!S_ISREG(file.st_mode)) fail(EINVAL, request, "the image is not a regular file");
  return image;
}

Fd openTarget(const ImageMountRequest& request) {
  Fd target(open(request.target.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!target) fail(errno, request, "open the target directory");
  struct statx facts {};
  if (statx(target.get(), "", AT_EMPTY_PATH, 0, &facts) != 0) fail(errno, request, "statx the target");
  if ((facts.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) fail(EBUSY, request, "something is mounted there already");
  return target;
}

/** What the file system said about the failure; each read of the context gives one message, `e ` before the words. */
std::string kernelMessages(int context) {
  std::string text;
  char buffer[512];
  for (;;) {
    const ssize_t size = read(context, buffer, sizeof(buffer));
    if (size <= 0) return text;
    std::string message(buffer, static_cast<size_t>(size));
    if (message.size() > 2 && message[1] == ' ') message.erase(0, 2);
    text += ": " + message;
    while (!text.empty() && text.back() == '\n') text.pop_back();
  }
}

void configureOptions(int context, const ImageMountRequest& request) {
  std::istringstream list(request.options);
  for (std::string option; std::getline(list, option, ',');) {
    if (option.empty()) continue;
    const size_t equals = option.find('=');
    const std::string key = option.substr(0, equals);
    const bool isFlag = equals == std::string::npos;
    const int result = isFlag ? fsconfig(context, FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0)
                              : fsconfig(context, FSCONFIG_SET_STRING, key.c_str(), &option[equals + 1], 0);
    if (result != 0) {
      const int error = errno;
      fail(error, request, "option \"" + option + "\"" + kernelMessages(context));
    }
  }
}

/** The mount API of Linux 5.2: the mount is complete, flags included, before anybody can see it. */
void mountByContext(Fd context, const std::string& device, int target, const ImageMountRequest& request) {
  if (fsconfig(context.get(), FSCONFIG_SET_STRING, "source", device.c_str(), 0) != 0) {
    fail(errno, request, "fsconfig source " + device);
  }
  configureOptions(context.get(), request);
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    const int error = errno;
    fail(error, request, request.fstype + " on " + device + kernelMessages(context.get()));
  }
  Fd tree(fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  if (!tree) fail(errno, request, "fsmount " + device);
  if (move_mount(tree.get(), "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
    fail(errno, request, "move_mount of " + device);
  }
}

/** mount(2) through the opened directory, where the newer calls are missing or filtered. */
void mountByPath(const std::string& device, int target, const ImageMountRequest& request) {
  const std::string path = "/proc/self/fd/" + std::to_string(target);
  const char* options = request.options.empty() ? nullptr : request.options.c_str();
  if (mount(device.c_str(), path.c_str(), request.fstype.c_str(), MS_NOSUID | MS_NODEV, options) != 0) {
    fail(errno, request, "mount(2) of " + request.fstype + " on " + device + " (see dmesg)");
  }
}

void mountDevice(const std::string& device, int target, const ImageMountRequest& request) {
  Fd context(fsopen(request.fstype.c_str(), FSOPEN_CLOEXEC));
  if (context) return mountByContext(std::move(context), device, target, request);
  if (errno == ENOSYS || errno == EPERM) return mountByPath(device, target, request);
  fail(errno, request, "fsopen " + request.fstype);
}

}  // namespace

std::string mountImage(const ImageMountRequest& request) {
  const Fd image = openImage(request);
  const Fd target = openTarget(request);
  std::optional<LoopDevice> device = findLoopDevice(image.get(), request.image);
  if (!device) device = attachLoopDevice(image.get(), request.image);
  mountDevice(device->path, target.get(), request);
  return device->path;
}

void unmountImage(const std::string& path, std::chrono::milliseconds retry) {
  const std::string target = absolutePath(path, "the target");
  const size_t slash = target.rfind('/');
  const std::string parent = slash == 0 ? "/" : target.substr(0, slash);
  const Fd above(open(parent.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!above) throw systemError("unmount", target, errno);
  const auto deadline = std::chrono::steady_clock::now() + retry;
  auto pause = std::chrono::milliseconds(1);
  while (kernel::unmountIdle(above.get(), target.substr(slash + 1)) != 0) {
    const int error = errno;
    const auto now = std::chrono::steady_clock::now();
    if (error == EBUSY && now < deadline) {
      std::this_thread::sleep_for(std::min(pause, std::chrono::ceil<std::chrono::milliseconds>(deadline - now)));
      pause = std::min(pause * 2, unmountPauseMax);
      continue;
    }
    if (error != EBUSY) throw systemError("unmount", target, error);
    throw systemError("unmount", target, error, FailureKind::failed,
                      "still in use after " + std::to_string(retry.count()) + " ms; who uses it: fuser -vm " + target);
  }
}

}  // namespace moorage
