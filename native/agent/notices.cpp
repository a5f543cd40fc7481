#include "agent/notices.hpp"

#include "agent/report.hpp"

namespace moorage::agent {

void reportLimit(const frames::Limit& limit) {
  say(limit.id + " is ended: " + limit.reason);
  reportEvent({{"event", "limit"}, {"container", limit.id}, {"reason", limit.reason}});
}

void reportAlert(const frames::Alert& alert) {
  say(alert.level + ": " + alert.message + " (" + alert.code + ")");
  Event event = {{"event", "alert"}, {"level", alert.level}, {"code", alert.code}, {"message", alert.message}};
  if (alert.container) event["container"] = *alert.container;
  if (alert.volume) event["volume"] = *alert.volume;
  reportEvent(event);
}

void reportBadCommand(const std::string& why) { reportAlert({"error", "bad-command", why, std::nullopt, std::nullopt}); }

}  // namespace moorage::agent
