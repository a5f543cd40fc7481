#include "mesos/isolator_process.hpp"

#include <sched.h>
#include <sys/mount.h>

#include <utility>

#include <glog/logging.h>

#include <process/defer.hpp>
#include <process/dispatch.hpp>
#include <process/id.hpp>

#include "client/refusal.hpp"
#include "frames/events.hpp"
#include "mesos/requests.hpp"
#include "mesos/since.hpp"

using mesos::ContainerID;
using mesos::slave::ContainerConfig;
using mesos::slave::ContainerLaunchInfo;
using mesos::slave::ContainerLimitation;
using mesos::slave::ContainerState;

using process::Failure;
using process::Future;

namespace moorage::module {

namespace {

/** What effects in flight get to come to their end, when the agent ends. */
constexpr unsigned closeMs = 20000;

Future<Nothing> nothingOrFailure(const std::string& what, const frames::Reply& reply) {
  if (reply.ok) return Nothing();
  return Failure(what + ": " + client::sentence(*reply.error));
}

/** A plain bind: the managed mount is read-only by itself where it must be, and keeps nosuid and nodev like that. */
ContainerLaunchInfo launchInfoOf(const std::vector<frames::Mount>& mounts, const Place& place) {
  ContainerLaunchInfo info;
  info.add_clone_namespaces(CLONE_NEWNS);
  for (const auto& mount : mounts) {
    auto* added = info.add_mounts();
    added->set_source(mount.source);
    added->set_target(targetOf(mount, place));
    added->set_flags(MS_BIND | MS_REC);
  }
  return info;
}

void addLabel(mesos::Labels* labels, const std::string& key, std::uint64_t value) {
  auto* label = labels->add_labels();
  label->set_key(key);
  label->set_value(std::to_string(value));
}

/** Mesos has fields for the size and what is used of it; the rest goes where storage puts what it says of itself. */
void addSpace(mesos::ResourceStatistics& statistics, const Space& space) {
  auto* disk = statistics.add_disk_statistics();
  disk->set_limit_bytes(space.bytes);
  disk->set_used_bytes(space.bytesUsed);
  auto* source = disk->mutable_source();
  source->set_type(mesos::Resource::DiskInfo::Source::MOUNT);
  source->mutable_mount()->set_root(space.path);
  source->set_id(space.driver + "/" + space.name);
#if MOORAGE_MESOS_SINCE(8)
  source->set_vendor(space.driver);
#endif
  addLabel(source->mutable_metadata(), "bytes_free", space.bytesFree);
  addLabel(source->mutable_metadata(), "inodes_used", space.inodesUsed);
  addLabel(source->mutable_metadata(), "inodes_free", space.inodesFree);
}

}  // namespace

IsolatorProcess::IsolatorProcess(const Settings& settings, std::string root, std::string sandboxDirectory)
    : ProcessBase(process::ID::generate("moorage-isolator")),
      dockerVolumes_(settings.dockerVolumes),
      root_(std::move(root)),
      sandboxDirectory_(std::move(sandboxDirectory)),
      session_(settings,
               [pid = self()](const frames::Limit& limit) { process::dispatch(pid, &IsolatorProcess::limit, limit); }),
      gauge_(root_) {}

Future<Nothing> IsolatorProcess::recover(const std::vector<ContainerState>& states, const hashset<ContainerID>& orphans) {
  std::vector<frames::RecoveredContainer> containers;
  for (const auto& state : states) {
    containers.push_back(recoveredOf(state, {dockerVolumes_, false}));
    Known& known = known_[containers.back().id];
    known.pid = containers.back().pid.value_or(0);
    known.recovered = true;
  }
  std::vector<std::string> ids;
  for (const auto& orphan : orphans) ids.push_back(idOf(orphan));
  LOG(INFO) << "moorage: recover with " << containers.size() << " containers and " << ids.size() << " orphans";
  return session_.call(frames::recoverFrame(containers, ids))
      .then(process::defer(self(), [this](const frames::Reply& reply) { return recovered(reply); }));
}

Future<Nothing> IsolatorProcess::recovered(const frames::Reply& reply) {
  return nothingOrFailure("moorage cannot recover", reply);
}

Future<Option<ContainerLaunchInfo>> IsolatorProcess::prepare(const ContainerID& id, const ContainerConfig& config) {
  auto container = containerOf(id, config, {dockerVolumes_, config.container_class() == mesos::slave::DEBUG});
  if (container.resources.empty() && id.has_parent()) {
    // The agent gives what it has to the executor; a container nested in it lives on that.
    auto outermost = id;
    while (outermost.has_parent()) outermost = ContainerID(outermost.parent());
    const auto found = known_.find(idOf(outermost));
    if (found != known_.end()) container.resources = found->second.resources;
  }
  known_[container.id].resources = container.resources;
  const Place place{container.sandbox, container.rootfs.value_or(""), sandboxDirectory_};
  return session_.call(frames::prepareFrame(container))
      .then(process::defer(self(), [this, id = container.id, place](const frames::Reply& reply) {
        return prepared(id, place, reply);
      }));
}

Future<Option<ContainerLaunchInfo>> IsolatorProcess::prepared(const std::string& id, const Place& place,
                                                             const frames::Reply& reply) {
  if (!reply.ok) return Failure("moorage: " + client::sentence(*reply.error));
  if (reply.mounts.empty()) return None();
  const auto found = known_.find(id);
  if (found != known_.end()) {
    for (const auto& mount : reply.mounts) found->second.paths.push_back(mount.source);
  }
  return launchInfoOf(reply.mounts, place);
}

Future<Nothing> IsolatorProcess::isolate(const ContainerID& id, pid_t pid) {
  known_[idOf(id)].pid = pid;
  return session_.call(frames::isolateFrame(idOf(id), pid))
      .then(process::defer(self(), [](const frames::Reply& reply) { return nothingOrFailure("moorage: isolate", reply); }));
}

Future<ContainerLimitation> IsolatorProcess::watch(const ContainerID& id) {
  return known_[idOf(id)].limitation->future();
}

void IsolatorProcess::limit(const frames::Limit& limit) {
  const auto found = known_.find(limit.id);
  if (found == known_.end()) return;
  ContainerLimitation limitation;
  limitation.set_message(limit.reason);
  limitation.set_reason(mesos::TaskStatus::REASON_CONTAINER_LIMITATION);
  found->second.limitation->set(limitation);
}

Future<Nothing> IsolatorProcess::update(const ContainerID& id, const mesos::Resources& resources) {
  const google::protobuf::RepeatedPtrField<mesos::Resource> list = resources;
  const auto fields = resourcesOf(list);
  const auto found = known_.find(idOf(id));
  if (found != known_.end()) found->second.resources = fields;
  return session_.call(frames::updateFrame(idOf(id), fields))
      .then(process::defer(self(), [](const frames::Reply& reply) { return nothingOrFailure("moorage: update", reply); }));
}

Future<mesos::ResourceStatistics> IsolatorProcess::usage(const ContainerID& id) {
  const auto found = known_.find(idOf(id));
  if (found == known_.end()) return mesos::ResourceStatistics();
  const Known& known = found->second;
  if (known.paths.empty() && !known.recovered) return mesos::ResourceStatistics();
  return gauge_.ask(found->first, known.paths, known.pid)
      .then(process::defer(self(), [this, id = found->first](const Gauged& gauged) { return measured(id, gauged); }));
}

Future<mesos::ResourceStatistics> IsolatorProcess::measured(const std::string& id, const Gauged& gauged) {
  const auto found = known_.find(id);
  if (found != known_.end() && !gauged.spaces.empty()) found->second.paths = gauged.paths;
  mesos::ResourceStatistics statistics;
  for (const auto& space : gauged.spaces) addSpace(statistics, space);
  return statistics;
}

Future<Nothing> IsolatorProcess::cleanup(const ContainerID& id) {
  return session_.call(frames::cleanupFrame(idOf(id)))
      .then(process::defer(self(), [this, id = idOf(id)](const frames::Reply& reply) { return cleaned(id, reply); }));
}

Future<Nothing> IsolatorProcess::cleaned(const std::string& id, const frames::Reply& reply) {
  const auto found = known_.find(id);
  if (found != known_.end()) {
    found->second.limitation->discard();
    known_.erase(found);
  }
  return nothingOrFailure("moorage: cleanup", reply);
}

void IsolatorProcess::close() { session_.close(closeMs); }

void IsolatorProcess::finalize() {
  for (auto& [id, known] : known_) known.limitation->discard();
}

}  // namespace moorage::module
