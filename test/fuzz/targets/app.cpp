/** A line of stdin of the reference agent: a command, the app in it, and the frames that are made of that. */
#include <cstdint>
#include <string>

#include "agent/app.hpp"
#include "agent/commands.hpp"
#include "agent/error.hpp"
#include "frames/events.hpp"
#include "targets.hpp"

namespace moorage::fuzz {
namespace {

/** Offset of the fields in an event, and of the container in a prepare's. */
constexpr std::size_t fieldsAt = 4;

void checkPrepare(const agent::App& app) {
  const auto container = agent::containerOf(app, "c1", "/sandbox");
  const auto frame = frames::prepareFrame(container);
  const auto read = nlohmann::json::from_msgpack(frame);
  must(read.at(0) == 1 && read.at(1) == 4, "a prepare begins with schema and type");
  const auto& fields = read.at(fieldsAt);
  must(fields.at(0) == "c1" && fields.at(3).size() == app.volumes.size(), "a prepare has the container and its volumes");
  for (const auto& label : fields.at(1)) {
    must(label.at(0).get<std::string>().rfind("volume", 0) == 0, "no other label leaves the agent");
  }
}

void checkApp(const agent::App& app) {
  must(!app.id.empty() && !app.cmd.empty(), "an app has an id and a command");
  must(!app.rootfs || app.rootfs->front() == '/', "a rootfs is absolute");
  checkPrepare(app);
  const auto recover = frames::recoverFrame({agent::recoveredOf(app, "c1", "/sandbox", 1)}, {"c2"});
  must(nlohmann::json::from_msgpack(recover).at(1) == 2, "a recover can be read");
}

}  // namespace

void tryApp(const std::uint8_t* data, std::size_t size) {
  try {
    const auto command = agent::parseCommand(std::string(reinterpret_cast<const char*>(data), size));
    const auto* launch = std::get_if<agent::LaunchCommand>(&command);
    if (launch != nullptr && launch->app.is_object()) checkApp(agent::parseApp(launch->app));
  } catch (const agent::UsageError& refusal) {
    must(refusal.what()[0] != '\0', "a refusal has words");
  }
}

}  // namespace moorage::fuzz
