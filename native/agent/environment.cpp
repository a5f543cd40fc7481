#include "agent/environment.hpp"

#include <cstdlib>
#include <map>

#include "agent/executor/spec.hpp"

namespace moorage::agent {

namespace {
constexpr const char* defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

frames::Pairs taskEnvironment(const App& app, const std::string& id, const std::string& sandbox) {
  const char* path = ::getenv("PATH");
  std::map<std::string, std::string> variables{{"PATH", path != nullptr ? path : defaultPath}};
  for (const auto& [name, value] : app.env) variables[name] = value;
  variables["MESOS_SANDBOX"] = app.rootfs ? executor::sandboxInRootfs : sandbox;
  variables[containerIdVariable] = id;
  return {variables.begin(), variables.end()};
}

}  // namespace moorage::agent
