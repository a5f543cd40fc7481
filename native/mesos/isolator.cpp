#include "mesos/isolator.hpp"

#include <process/dispatch.hpp>

using mesos::ContainerID;
using mesos::slave::ContainerConfig;
using mesos::slave::ContainerLaunchInfo;
using mesos::slave::ContainerLimitation;

using process::dispatch;
using process::Future;

namespace moorage::module {

Isolator::Isolator(std::unique_ptr<IsolatorProcess> process) : process_(std::move(process)) {
  process::spawn(process_.get());
}

Isolator::~Isolator() {
  process_->close();
  // Behind the answers that closing has brought, so that every future is completed before the actor ends.
  process::terminate(process_.get(), false);
  process::wait(process_.get());
}

Future<Nothing> Isolator::recover(const States& states, const hashset<ContainerID>& orphans) {
  const std::vector<mesos::slave::ContainerState> all(states.begin(), states.end());
  return dispatch(process_.get(), &IsolatorProcess::recover, all, orphans);
}

Future<Option<ContainerLaunchInfo>> Isolator::prepare(const ContainerID& id, const ContainerConfig& config) {
  return dispatch(process_.get(), &IsolatorProcess::prepare, id, config);
}

Future<Nothing> Isolator::isolate(const ContainerID& id, pid_t pid) {
  return dispatch(process_.get(), &IsolatorProcess::isolate, id, pid);
}

Future<ContainerLimitation> Isolator::watch(const ContainerID& id) {
  return dispatch(process_.get(), &IsolatorProcess::watch, id);
}

#if MOORAGE_MESOS_SINCE(10)
Future<Nothing> Isolator::update(const ContainerID& id, const mesos::Resources& requests,
                                 const google::protobuf::Map<std::string, mesos::Value::Scalar>&) {
  return dispatch(process_.get(), &IsolatorProcess::update, id, requests);
}
#else
Future<Nothing> Isolator::update(const ContainerID& id, const mesos::Resources& resources) {
  return dispatch(process_.get(), &IsolatorProcess::update, id, resources);
}
#endif

Future<mesos::ResourceStatistics> Isolator::usage(const ContainerID& id) {
  return dispatch(process_.get(), &IsolatorProcess::usage, id);
}

/** ContainerStatus has addresses, cgroups and a pid, and no place for a volume; `usage` and `moorage status` tell of those. */
Future<mesos::ContainerStatus> Isolator::status(const ContainerID&) { return mesos::ContainerStatus(); }

Future<Nothing> Isolator::cleanup(const ContainerID& id) {
  return dispatch(process_.get(), &IsolatorProcess::cleanup, id);
}

}  // namespace moorage::module
