#pragma once

#include <string>
#include <vector>

#include "codec.hpp"
#include "fields.hpp"
#include "filter.hpp"

/**
 * The frames that a program with containers sends by moorage_call. Labels and environment are filtered here, for
 * every caller.
 */
namespace moorage::frames {

namespace event {
inline constexpr std::uint8_t recover = 2;
inline constexpr std::uint8_t prepare = 4;
inline constexpr std::uint8_t isolate = 5;
inline constexpr std::uint8_t update = 6;
inline constexpr std::uint8_t destroy = 7;
inline constexpr std::uint8_t cleanup = 8;
}  // namespace event

namespace wire {

using nlohmann::json;

inline json orNil(const std::optional<std::string>& text) { return text ? json(*text) : json(nullptr); }

inline json pairs(const Pairs& pairs) {
  json out = json::array();
  for (const auto& [key, value] : pairs) out.push_back(json::array({key, value}));
  return out;
}

inline json volumes(const std::vector<VolumeRequest>& requests) {
  json out = json::array();
  for (const auto& request : requests) {
    out.push_back(json::array(
        {request.driver, request.name, pairs(request.options), request.containerPath, request.readonly}));
  }
  return out;
}

/** A whole scalar goes as an integer, the form that every reader of frames takes. */
inline json resourceValue(const ResourceValue& value) {
  if (const auto* names = std::get_if<std::vector<std::string>>(&value)) return json(*names);
  const double scalar = std::get<double>(value);
  const bool whole = std::nearbyint(scalar) == scalar && std::fabs(scalar) <= 9007199254740992.0;
  return whole ? json(static_cast<std::int64_t>(scalar)) : json(scalar);
}

inline json resources(const Resources& resources) {
  json out = json::array();
  for (const auto& [name, value] : resources) out.push_back(json::array({name, resourceValue(value)}));
  return out;
}

inline json container(const Container& from) {
  return json::array({from.id, pairs(volumeLabels(from.labels)), pairs(volumeEnvironment(from.env)),
                      volumes(from.volumes), resources(from.resources), from.sandbox, orNil(from.rootfs),
                      orNil(from.user)});
}

inline json container(const RecoveredContainer& from) {
  return json::array({from.id, pairs(volumeLabels(from.labels)), pairs(volumeEnvironment(from.env)),
                      volumes(from.volumes), from.sandbox, orNil(from.rootfs),
                      from.pid ? json(*from.pid) : json(nullptr), json::array()});
}

}  // namespace wire

/** The agent is about to start this container. The reply has the mounts to make in it. */
inline Bytes prepareFrame(const Container& container) {
  return eventFrame(event::prepare, nlohmann::json::array({wire::container(container)}));
}

/** The container's process exists, in a mount namespace of its own, and nothing of the task has run yet. */
inline Bytes isolateFrame(const std::string& id, int pid) {
  return eventFrame(event::isolate, nlohmann::json::array({id, pid}));
}

/** The container's resources are now these. */
inline Bytes updateFrame(const std::string& id, const Resources& resources) {
  return eventFrame(event::update, nlohmann::json::array({id, wire::resources(resources)}));
}

/** The container is being killed. */
inline Bytes destroyFrame(const std::string& id) {
  return eventFrame(event::destroy, nlohmann::json::array({id}));
}

/** All processes of the container are dead. */
inline Bytes cleanupFrame(const std::string& id) {
  return eventFrame(event::cleanup, nlohmann::json::array({id}));
}

/**
 * What the agent found when it started: containers that live, and the ids of those that do not. The host fills in journal,
 * boot id and mounts. Check the size against MOORAGE_FRAME_MAX: moorage_call refuses a larger one.
 */
inline Bytes recoverFrame(const std::vector<RecoveredContainer>& containers, const std::vector<std::string>& orphans) {
  using nlohmann::json;
  json live = json::array();
  for (const auto& container : containers) live.push_back(wire::container(container));
  const json mounts = json::array();
  return eventFrame(event::recover, json::array({"", "", live, json(orphans), mounts, 0, true}));
}

}  // namespace moorage::frames
