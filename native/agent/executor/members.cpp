#include "agent/executor/members.hpp"

#include <map>
#include <set>

#include "agent/process.hpp"

namespace moorage::agent::executor {

namespace {

/** Adds to `members` every child of a member, until there is none left to add. */
void addDescendants(const std::multimap<pid_t, pid_t>& children, pid_t of, std::set<pid_t>& members) {
  std::vector<pid_t> open{of};
  while (!open.empty()) {
    const auto [first, last] = children.equal_range(open.back());
    open.pop_back();
    for (auto child = first; child != last; ++child) {
      if (members.insert(child->second).second) open.push_back(child->second);
    }
  }
}

}  // namespace

std::vector<Member> containerMembers(const Fd& proc) {
  const pid_t self = ::getpid();
  const auto own = mountNamespaceOf(proc, self);
  std::multimap<pid_t, pid_t> children;
  std::map<pid_t, std::uint64_t> startTimes;
  std::set<pid_t> members, zombies;
  for (const pid_t pid : processIds(proc)) {
    const auto stat = statOf(proc, pid);
    if (!stat) continue;
    children.emplace(stat->parent, pid);
    startTimes[pid] = stat->startTime;
    if (stat->state == 'Z' || stat->state == 'X') {
      zombies.insert(pid);
    } else if (own && mountNamespaceOf(proc, pid) == own) {
      members.insert(pid);
    }
  }
  addDescendants(children, self, members);
  members.erase(self);
  for (const pid_t zombie : zombies) members.erase(zombie);
  std::vector<Member> found;
  found.reserve(members.size());
  for (const pid_t pid : members) found.push_back({pid, startTimes.at(pid)});
  return found;
}

}  // namespace moorage::agent::executor
