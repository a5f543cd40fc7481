#include "effects/place.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "effects/error.hpp"
#include "effects/fd.hpp"
#include "effects/kernel.hpp"
#include "effects/owner.hpp"
#include "effects/paths.hpp"

namespace moorage {
namespace {

constexpr mode_t directoryMode = 0755;

EffectError placeFailed(const char* operation, const std::string& path, int error) {
  switch (error) {
    case ELOOP:
      return systemError(operation, path, error, FailureKind::refused, "a symbolic link is in the way, and links are not followed");
    case ENOTDIR:
      return systemError(operation, path, error, FailureKind::refused, "something that is no directory is in the way");
    case ENOENT:
      return systemError(operation, path, error, FailureKind::refused, "the directory must exist already");
    case EXDEV:
    case EROFS:
      return systemError(operation, path, error, FailureKind::refused);
    default:
      return systemError(operation, path, error);
  }
}

/** Mode and owner of a directory that was just made, by descriptor; one that somebody put in its place keeps its own. */
void settle(int parent, const std::string& part, const std::optional<Owner>& owner, const std::string& shown) {
  const Fd made(kernel::openBeneath(parent, part.c_str(), O_RDONLY | O_DIRECTORY));
  if (!made) throw placeFailed("open", shown, errno);
  struct stat facts {};
  if (::fstat(made.get(), &facts) != 0) throw systemError("stat", shown, errno);
  if (facts.st_uid != ::geteuid()) throw refusal("ENOTDIR", "place " + shown + ": it was replaced while it was made");
  if (::fchmod(made.get(), directoryMode) != 0) throw systemError("chmod", shown, errno);
  if (owner) giveTo(made.get(), *owner, shown);
}

Fd enter(int parent, const std::string& part, const PlaceRequest& request, const std::optional<Owner>& owner, const std::string& shown) {
  if (request.create) {
    if (::mkdirat(parent, part.c_str(), 0700) == 0) {
      settle(parent, part, owner, shown);
    } else if (errno != EEXIST) {
      throw placeFailed("mkdir", shown, errno);
    }
  }
  Fd next(kernel::openBeneath(parent, part.c_str(), O_PATH | O_DIRECTORY));
  if (!next) throw placeFailed("open", shown, errno);
  return next;
}

}  // namespace

void placePaths(const PlaceRequest& request) {
  const std::string base = absolutePath(request.base, "the base");
  const Fd top(kernel::openFollowing(base.c_str(), O_PATH | O_DIRECTORY));
  if (!top) throw placeFailed("open", base, errno);
  std::optional<Owner> owner;
  if (request.owner) owner = parseOwner(*request.owner);
  for (const std::string& path : request.paths) {
    const std::vector<std::string> parts = pathParts(path);
    if (parts.empty()) throw refusal("bad-path", "place \"" + path + "\": it is " + base + " itself, not a path in it");
    std::string shown = base;
    Fd here;
    for (const std::string& part : parts) {
      shown = joinPath(shown, part);
      here = enter(here ? here.get() : top.get(), part, request, owner, shown);
    }
  }
}

}  // namespace moorage
