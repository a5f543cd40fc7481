#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "frames/fields.hpp"

/**
 * From Mesos' messages to the fields of a frame. Templates, so that the same lines read the messages of every Mesos version
 * (and, in a test, recorded ones where no Mesos is installed). What a wish means is the policy's business.
 */
namespace moorage::module {

/** `parent.child`, from the outermost on. */
template <typename ContainerId>
std::string idOf(const ContainerId& id) {
  return id.has_parent() ? idOf(id.parent()) + "." + id.value() : id.value();
}

template <typename Labels>
frames::Pairs labelsOf(const Labels& labels) {
  frames::Pairs pairs;
  for (const auto& label : labels.labels()) pairs.emplace_back(label.key(), label.value());
  return pairs;
}

/** Variables with a value in the clear. Those of a secret have none that could name a volume. */
template <typename Command>
frames::Pairs environmentOf(const Command& command) {
  frames::Pairs pairs;
  for (const auto& variable : command.environment().variables()) {
    if (variable.has_value()) pairs.emplace_back(variable.name(), variable.value());
  }
  return pairs;
}

/** `more`, but for names that are there: the agent copies a task's environment into that of its executor. */
inline void addMissing(frames::Pairs& pairs, const frames::Pairs& more) {
  for (const auto& pair : more) {
    const bool there = std::any_of(pairs.begin(), pairs.end(), [&](const auto& one) { return one.first == pair.first; });
    if (!there) pairs.push_back(pair);
  }
}

template <typename Volume>
frames::VolumeRequest volumeOf(const Volume& volume) {
  const auto& asked = volume.source().docker_volume();
  frames::VolumeRequest request;
  request.driver = asked.has_driver() ? asked.driver() : "";
  request.name = asked.name();
  request.containerPath = volume.container_path();
  request.readonly = volume.mode() == std::decay_t<Volume>::RO;
  for (const auto& option : asked.driver_options().parameter()) {
    request.options.emplace_back(option.key(), option.value());
  }
  return request;
}

/** The volumes of type DOCKER_VOLUME. */
template <typename ContainerInfo>
std::vector<frames::VolumeRequest> volumesOf(const ContainerInfo& info) {
  std::vector<frames::VolumeRequest> requests;
  for (const auto& volume : info.volumes()) {
    using Source = std::decay_t<decltype(volume.source())>;
    if (volume.has_source() && volume.source().type() == Source::DOCKER_VOLUME) requests.push_back(volumeOf(volume));
  }
  return requests;
}

/** Scalars and sets by name; those of several roles are one. Ranges say nothing about a volume. */
template <typename ResourceList>
frames::Resources resourcesOf(const ResourceList& list) {
  frames::Resources all;
  const auto entry = [&all](const std::string& name, const frames::ResourceValue& none) -> frames::ResourceValue& {
    for (auto& [known, value] : all) {
      if (known == name && value.index() == none.index()) return value;
    }
    return all.emplace_back(name, none).second;
  };
  for (const auto& resource : list) {
    if (resource.has_scalar()) std::get<double>(entry(resource.name(), 0.0)) += resource.scalar().value();
    if (!resource.has_set()) continue;
    auto& names = std::get<std::vector<std::string>>(entry(resource.name(), std::vector<std::string>{}));
    for (const auto& item : resource.set().item()) names.emplace_back(item);
  }
  return all;
}

/** What the messages themselves do not say. */
struct Reading {
  /** Volumes of type DOCKER_VOLUME are moorage's, and no other isolator's. */
  bool dockerVolumes = true;
  /** A debug session (an attached shell, a command health check) lives among its parent's files and wishes for nothing. */
  bool isDebug = false;
};

/** A container as `prepare` is given it. */
template <typename ContainerId, typename Config>
frames::Container containerOf(const ContainerId& id, const Config& config, Reading reading) {
  frames::Container container;
  container.id = idOf(id);
  container.resources = resourcesOf(config.resources());
  container.sandbox = config.directory();
  if (config.has_rootfs()) container.rootfs = config.rootfs();
  if (config.has_user()) container.user = config.user();
  if (reading.isDebug) return container;
  container.labels = labelsOf(config.has_task_info() ? config.task_info().labels() : config.executor_info().labels());
  container.env = environmentOf(config.command_info());
  if (config.has_task_info()) addMissing(container.env, environmentOf(config.task_info().command()));
  if (reading.dockerVolumes) container.volumes = volumesOf(config.container_info());
  return container;
}

/** ContainerState has `container_info`, for nested containers, since Mesos 1.9. */
template <typename State, typename = void>
struct HasContainerInfo : std::false_type {};
template <typename State>
struct HasContainerInfo<State, std::void_t<decltype(std::declval<const State&>().container_info())>> : std::true_type {};

/** A container that outlived the agent. Mesos keeps no environment and no labels of a nested one. */
template <typename State>
frames::RecoveredContainer recoveredOf(const State& state, Reading reading) {
  frames::RecoveredContainer container;
  container.id = idOf(state.container_id());
  container.sandbox = state.directory();
  if (state.pid() != 0) container.pid = static_cast<int>(state.pid());
  const auto& executor = state.executor_info();
  container.labels = labelsOf(executor.labels());
  container.env = environmentOf(executor.command());
  if (!reading.dockerVolumes) return container;
  container.volumes = volumesOf(executor.container());
  if constexpr (HasContainerInfo<State>::value) {
    if (container.volumes.empty()) container.volumes = volumesOf(state.container_info());
  }
  return container;
}

}  // namespace moorage::module
