#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <mesos/resources.hpp>
#include <mesos/slave/isolator.hpp>

#include <process/future.hpp>
#include <process/process.hpp>

#include <stout/hashset.hpp>
#include <stout/option.hpp>

#include "frames/fields.hpp"
#include "mesos/gauge.hpp"
#include "mesos/session.hpp"
#include "mesos/settings.hpp"
#include "mesos/targets.hpp"

namespace moorage::module {

/** What the module itself has to know about a container, between its prepare or recover and its cleanup. */
struct Known {
  /** The answer to `watch`, which is one of the first that the agent asks for. */
  std::shared_ptr<process::Promise<mesos::slave::ContainerLimitation>> limitation =
      std::make_shared<process::Promise<mesos::slave::ContainerLimitation>>();
  /** What it was given, for containers nested in it. */
  frames::Resources resources;
  /** Managed mounts, for `usage`; of a recovered container found out when they are asked for. */
  std::vector<std::string> paths;
  int pid = 0;
  bool recovered = false;
};

/** The isolator as an actor: one message in, one frame out, and back. It decides nothing about volumes. */
class IsolatorProcess : public process::Process<IsolatorProcess> {
 public:
  IsolatorProcess(const Settings& settings, std::string root, std::string sandboxDirectory);

  process::Future<Nothing> recover(const std::vector<mesos::slave::ContainerState>& states,
                                   const hashset<mesos::ContainerID>& orphans);
  process::Future<Option<mesos::slave::ContainerLaunchInfo>> prepare(const mesos::ContainerID& id,
                                                                     const mesos::slave::ContainerConfig& config);
  process::Future<Nothing> isolate(const mesos::ContainerID& id, pid_t pid);
  process::Future<mesos::slave::ContainerLimitation> watch(const mesos::ContainerID& id);
  process::Future<Nothing> update(const mesos::ContainerID& id, const mesos::Resources& resources);
  process::Future<mesos::ResourceStatistics> usage(const mesos::ContainerID& id);
  process::Future<Nothing> cleanup(const mesos::ContainerID& id);

  /** Answers what is open. From another thread than the actor's, before it is terminated. */
  void close();

 protected:
  void finalize() override;

 private:
  process::Future<Nothing> recovered(const frames::Reply& reply);
  process::Future<Option<mesos::slave::ContainerLaunchInfo>> prepared(const std::string& id, const Place& place,
                                                                      const frames::Reply& reply);
  process::Future<Nothing> cleaned(const std::string& id, const frames::Reply& reply);
  process::Future<mesos::ResourceStatistics> measured(const std::string& id, const Gauged& gauged);
  void limit(const frames::Limit& limit);

  bool dockerVolumes_;
  std::string root_;
  std::string sandboxDirectory_;
  Session session_;
  Gauge gauge_;
  std::unordered_map<std::string, Known> known_;
};

}  // namespace moorage::module
