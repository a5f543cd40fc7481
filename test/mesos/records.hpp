#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

/**
 * Mesos' messages as they were recorded, in JSON, with the names that the generated classes have: enough of them for the
 * templates of the module, so that these are tested where no Mesos is installed.
 */
class Record {
 public:
  static constexpr const char* DOCKER_VOLUME = "DOCKER_VOLUME";
  static constexpr const char* RO = "RO";

  explicit Record(nlohmann::json json) : json_(std::move(json)) {}

#define MOORAGE_MESSAGE(name) \
  Record name() const { return Record(at(#name)); }
#define MOORAGE_OPTIONAL(name) \
  bool has_##name() const { return json_.is_object() && json_.contains(#name); }
#define MOORAGE_LIST(name) \
  std::vector<Record> name() const { return std::vector<Record>(at(#name).begin(), at(#name).end()); }
#define MOORAGE_TEXT(name) \
  std::string name() const { return at(#name).is_null() ? "" : at(#name).get<std::string>(); }

  // ContainerID
  MOORAGE_OPTIONAL(parent)
  MOORAGE_MESSAGE(parent)
  MOORAGE_OPTIONAL(value)
  MOORAGE_TEXT(value)
  // ContainerConfig and ContainerState
  MOORAGE_OPTIONAL(task_info)
  MOORAGE_MESSAGE(task_info)
  MOORAGE_MESSAGE(executor_info)
  MOORAGE_MESSAGE(command_info)
  MOORAGE_MESSAGE(container_info)
  MOORAGE_MESSAGE(container_id)
  MOORAGE_LIST(resources)
  MOORAGE_TEXT(directory)
  MOORAGE_OPTIONAL(rootfs)
  MOORAGE_TEXT(rootfs)
  MOORAGE_OPTIONAL(user)
  MOORAGE_TEXT(user)
  unsigned long pid() const { return at("pid").is_null() ? 0 : at("pid").get<unsigned long>(); }
  // TaskInfo, ExecutorInfo, CommandInfo, Labels, Environment
  MOORAGE_MESSAGE(command)
  MOORAGE_MESSAGE(container)
  MOORAGE_MESSAGE(environment)
  MOORAGE_LIST(variables)
  MOORAGE_TEXT(name)
  MOORAGE_TEXT(key)
  // ContainerInfo, Volume
  MOORAGE_LIST(volumes)
  MOORAGE_OPTIONAL(source)
  MOORAGE_MESSAGE(source)
  MOORAGE_MESSAGE(docker_volume)
  MOORAGE_MESSAGE(driver_options)
  MOORAGE_LIST(parameter)
  MOORAGE_OPTIONAL(driver)
  MOORAGE_TEXT(driver)
  MOORAGE_TEXT(container_path)
  MOORAGE_TEXT(type)
  MOORAGE_TEXT(mode)
  // Resource
  MOORAGE_OPTIONAL(scalar)
  MOORAGE_OPTIONAL(set)

  struct Scalar {
    double number;
    double value() const { return number; }
  };
  Scalar scalar() const { return {at("scalar").at("value").get<double>()}; }

  struct Set {
    std::vector<std::string> items;
    std::vector<std::string> item() const { return items; }
  };
  Set set() const { return {at("set").at("item").get<std::vector<std::string>>()}; }

  /** `TaskInfo.labels` is a message with a list that has the same name. */
  auto labels() const { return Labels{at("labels")}; }
  struct Labels {
    nlohmann::json json;
    std::vector<Record> labels() const;
  };

 private:
  const nlohmann::json& at(const char* name) const {
    static const nlohmann::json none;
    return json_.is_object() && json_.contains(name) ? json_.at(name) : none;
  }

  nlohmann::json json_;
};

inline std::vector<Record> Record::Labels::labels() const {
  const Record record(json);
  const auto& list = record.at("labels");
  return std::vector<Record>(list.begin(), list.end());
}
