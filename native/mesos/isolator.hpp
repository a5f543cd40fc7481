#pragma once

#include <list>
#include <memory>
#include <vector>

#include <google/protobuf/map.h>

#include <mesos/slave/isolator.hpp>

#include "mesos/isolator_process.hpp"
#include "mesos/since.hpp"

namespace moorage::module {

/** What the agent calls, from any thread: each call becomes a message to the actor. */
class Isolator : public mesos::slave::Isolator {
 public:
  explicit Isolator(std::unique_ptr<IsolatorProcess> process);
  /** Lets effects in flight end, and answers what is open. */
  ~Isolator() override;

  bool supportsNesting() override { return true; }
  bool supportsStandalone() override { return true; }

#if MOORAGE_MESOS_SINCE(7)
  using States = std::vector<mesos::slave::ContainerState>;
#else
  using States = std::list<mesos::slave::ContainerState>;
#endif
  process::Future<Nothing> recover(const States& states, const hashset<mesos::ContainerID>& orphans) override;
  process::Future<Option<mesos::slave::ContainerLaunchInfo>> prepare(
      const mesos::ContainerID& id, const mesos::slave::ContainerConfig& config) override;
  process::Future<Nothing> isolate(const mesos::ContainerID& id, pid_t pid) override;
  process::Future<mesos::slave::ContainerLimitation> watch(const mesos::ContainerID& id) override;
#if MOORAGE_MESOS_SINCE(10)
  process::Future<Nothing> update(const mesos::ContainerID& id, const mesos::Resources& requests,
                                  const google::protobuf::Map<std::string, mesos::Value::Scalar>& limits = {}) override;
#else
  process::Future<Nothing> update(const mesos::ContainerID& id, const mesos::Resources& resources) override;
#endif
  process::Future<mesos::ResourceStatistics> usage(const mesos::ContainerID& id) override;
  process::Future<mesos::ContainerStatus> status(const mesos::ContainerID& id) override;
  process::Future<Nothing> cleanup(const mesos::ContainerID& id) override;

 private:
  std::unique_ptr<IsolatorProcess> process_;
};

}  // namespace moorage::module
