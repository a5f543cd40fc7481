#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "addon/guard.hpp"
#include "addon/host_channel.hpp"
#include "addon/watching.hpp"
#include "addon/worker_pool.hpp"
#include "effects/driver_transport.hpp"

namespace moorage {

/** What one JS environment owns of the native side; it goes with the environment. */
struct Instance {
  explicit Instance(Napi::Env env);

  std::shared_ptr<HostChannel> channel;
  WorkerPool pool;
  DriverTransport transport;
  Guard guard;
  std::vector<std::shared_ptr<Watching>> watchings;
  std::vector<int> lockedFiles;  // descriptors that lockFile locked; some may be closed by now
};

/** The instance of `env`; made by the addon's entry. */
inline Instance& instanceOf(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

}  // namespace moorage
