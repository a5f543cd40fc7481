/**
 * VOLUME BASE PATH OUTSIDE ROUNDS MS: what the reference agent's supervisor does to give a task its volume, again and again, so many times or
 * milliseconds (0: no such limit): the container path is
 * opened or made beneath BASE, and a copy of VOLUME attached to it. Prints how often it was done, went well, was refused, and mounted on OUTSIDE instead.
 */
#include <sys/stat.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "agent/executor/mounts.hpp"
#include "agent/executor/workbench.hpp"
#include "effects/kernel.hpp"

using namespace moorage;
using namespace moorage::agent::executor;

namespace {

dev_t deviceOf(const char* path) {
  struct stat facts {};
  return ::stat(path, &facts) == 0 ? facts.st_dev : 0;
}

}  // namespace

int main(int count, char** words) {
  if (count != 7) return 2;
    // Its own: on older kernels mounts are made ready at a place that others use.
  enterOwnMountNamespace();
  const dev_t before = deviceOf(words[4]);
  const Fd base = openBase(words[2]);
  const long roundsMax = std::atol(words[5]);
  const std::chrono::milliseconds limit(std::atol(words[6]));
  const auto start = std::chrono::steady_clock::now();
  const auto goesOn = [&](long rounds) {
    return (roundsMax == 0 || rounds < roundsMax) && (limit.count() == 0 || std::chrono::steady_clock::now() - start < limit);
  };
  long rounds = 0, done = 0, refused = 0, escapes = 0;
  for (; goesOn(rounds); rounds++) {
    try {
      const Fd tree = cloneVolume(words[1]);
      attach(tree, openOrMakeBeneath(base, words[3]), words[3]);
      done++;
      if (deviceOf(words[4]) != before) escapes++;
      kernel::detachMount(tree.get());
    } catch (const std::exception&) {
      refused++;
    }
    clearWorkbench();
  }
  std::printf("%ld %ld %ld %ld\n", rounds, done, refused, escapes);
  return 0;
}
