#include "agent/executor/spec.hpp"

#include "agent/json_fields.hpp"

namespace moorage::agent::executor {

using nlohmann::json;

json toJson(const Spec& spec) {
  json out = {{"id", spec.id},
              {"sandbox", spec.sandbox},
              {"rootfs", spec.rootfs ? json(*spec.rootfs) : json(nullptr)},
              {"checkpoint", spec.checkpoint},
              {"mounts", frames::mountsToJson(spec.mounts)},
              {"cmd", spec.cmd},
              {"env", spec.env},
              {"user", nullptr}};
  if (spec.user) out["user"] = {{"uid", spec.user->uid}, {"gid", spec.user->gid}, {"groups", spec.user->groups}};
  return out;
}

Spec specFromJson(const json& from) {
  Spec spec;
  from.at("id").get_to(spec.id);
  from.at("sandbox").get_to(spec.sandbox);
  if (!from.at("rootfs").is_null()) spec.rootfs = from.at("rootfs").get<std::string>();
  from.at("checkpoint").get_to(spec.checkpoint);
  spec.mounts = frames::mountsFromJson(from.at("mounts"));
  from.at("cmd").get_to(spec.cmd);
  from.at("env").get_to(spec.env);
  if (const auto& user = from.at("user"); !user.is_null()) {
    spec.user = User{wholeNumber<uid_t>(user.at("uid")), wholeNumber<gid_t>(user.at("gid")), {}};
    for (const auto& group : user.at("groups")) spec.user->groups.push_back(wholeNumber<gid_t>(group));
  }
  return spec;
}

}  // namespace moorage::agent::executor
