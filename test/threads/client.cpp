/**
 * Sixteen threads on one isolator, several times over: some call, some swap its policy, some close it, all at once.
 *
 *   CONFIG STATE BUNDLE POLICY SANDBOX ROUND_MS FILE FILE   a round of so long for each way of closing
 *
 * Prints a line a round. Exit code 1 when a call was not answered exactly once, or when something came after the close.
 */
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "admin.hpp"
#include "frames/answers.hpp"
#include "frames/events.hpp"
#include "moorage.h"

namespace moorage::threads {
namespace {

constexpr int callersMax = 12, swappers = 2, closers = 2;
constexpr uint32_t closeMs = 2000;
constexpr auto answerMax = std::chrono::seconds(60);

struct Settings {
  moorage_options options{};
  std::string sandbox, adminSocket;
  std::vector<std::string> policies;
  std::chrono::milliseconds roundMs{};
};

struct Counts {
  std::atomic<long> taken{0}, answered{0}, ok{0}, swapped{0}, late{0};
  std::atomic<bool> isClosed{false}, isOver{false};
};

/** The answer to one call. Whoever waits for it sees what the callback has seen. */
struct Ticket {
  Counts* counts;
  std::atomic<int> answers{0};
  std::atomic<bool> closes{false};
  moorage_isolator* isolator = nullptr;
};

void onReply(void* context, const uint8_t* frame, size_t size) {
  auto* ticket = static_cast<Ticket*>(context);
  Counts& counts = *ticket->counts;
  if (counts.isClosed) counts.late++;
  counts.answered++;
  if (frames::readReply(frame, size).ok) counts.ok++;
  if (ticket->closes) moorage_close(ticket->isolator, 0);
  ticket->answers++;
}

void onNotice(void* context, const uint8_t* frame, size_t size) {
  auto* counts = static_cast<std::atomic<Counts*>*>(context)->load();
  static_cast<void>(frames::readNotice(frame, size));
  if (counts->isClosed) counts->late++;
}

void onLog(void* context, const char* level, const char* text) {
  auto* counts = static_cast<std::atomic<Counts*>*>(context)->load();
  if (counts->isClosed) counts->late++;
  if (std::string(level) == "error") std::printf("log %s\n", text);
}

/** Hands a frame in and waits for its answer. False when it was refused: the isolator is closed. */
bool call(moorage_isolator* isolator, Counts& counts, const frames::Bytes& frame, bool closes = false) {
  Ticket ticket{&counts};
  ticket.closes = closes;
  ticket.isolator = isolator;
  if (moorage_call(isolator, frame.data(), frame.size(), onReply, &ticket) != 0) return false;
  counts.taken++;
  const auto end = std::chrono::steady_clock::now() + answerMax;
  while (ticket.answers == 0 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::microseconds(200));
  if (ticket.answers == 1) return true;
  // The ticket may still be written to, so nothing may be unwound.
  std::printf("a call was answered %d times\n", ticket.answers.load());
  std::_Exit(1);
}

/** One container after the other, on one of a few volumes, until the isolator is closed. */
void live(moorage_isolator* isolator, Counts& counts, const Settings& settings, int caller) {
  for (int i = 0;; i++) {
    frames::Container container;
    container.id = "c" + std::to_string(caller) + "-" + std::to_string(i);
    container.labels = {{"volume", "v" + std::to_string(1 + (caller + i) % 2) + ":data" + std::to_string(caller)}};
    container.sandbox = settings.sandbox;
    if (!call(isolator, counts, frames::prepareFrame(container))) return;
    if (!call(isolator, counts, frames::updateFrame(container.id, {{"cpus", 0.5}}))) return;
    if (i % 3 == 0 && !call(isolator, counts, frames::destroyFrame(container.id))) return;
    if (!call(isolator, counts, frames::cleanupFrame(container.id))) return;
  }
}

void swap(Counts& counts, const Settings& settings, int swapper) {
  for (size_t i = static_cast<size_t>(swapper); !counts.isOver; i++) {
    if (swapPolicy(settings.adminSocket, settings.policies[i % settings.policies.size()])) counts.swapped++;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

/** After the time of the round; one of the closers, if it shall be so, from within a callback. */
void close(moorage_isolator* isolator, Counts& counts, const Settings& settings, bool inCallback) {
  std::this_thread::sleep_for(settings.roundMs);
  counts.isOver = true;
  if (inCallback) call(isolator, counts, frames::cleanupFrame("nobody"), true);
  else moorage_close(isolator, closeMs);
}

bool round(const Settings& settings, const char* name, bool inCallback) {
  // Kept for good: what comes too late is to be counted, not to be a crash.
  static std::list<Counts> all;
  static std::atomic<Counts*> current;
  Counts& counts = all.emplace_back();
  current = &counts;
  moorage_options options = settings.options;
  options.context = &current;
  char error[1000] = "";
  moorage_isolator* isolator = moorage_open(&options, error, sizeof error);
  if (isolator == nullptr) return std::printf("not opened: %s\n", error), false;
  call(isolator, counts, frames::recoverFrame({}, {}));
  std::vector<std::thread> threads;
  for (int i = 0; i < callersMax; i++) threads.emplace_back(live, isolator, std::ref(counts), std::cref(settings), i);
  for (int i = 0; i < swappers; i++) threads.emplace_back(swap, std::ref(counts), std::cref(settings), i);
  for (int i = 0; i < closers; i++) threads.emplace_back(close, isolator, std::ref(counts), std::cref(settings), inCallback && i == 0);
  for (auto& thread : threads) thread.join();
  counts.isClosed = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::printf("round %s: taken %ld answered %ld ok %ld swapped %ld late %ld\n", name, counts.taken.load(), counts.answered.load(),
              counts.ok.load(), counts.swapped.load(), counts.late.load());
  std::fflush(stdout);
  return counts.taken == counts.answered && counts.late == 0;
}

}  // namespace
}  // namespace moorage::threads

int main(int count, char** arguments) {
  using namespace moorage::threads;
  if (count != 9) return std::puts("CONFIG STATE BUNDLE POLICY SANDBOX ROUND_MS FILE FILE"), 2;
  Settings settings;
  settings.options.size = sizeof settings.options;
  settings.options.config = arguments[1];
  settings.options.stateDir = arguments[2];
  settings.options.hostBundle = arguments[3];
  settings.options.policy = arguments[4];
  // Short, so that the host is asked for signs of life now and then.
  settings.options.stuckMs = 5000;
  settings.options.notice = onNotice;
  settings.options.log = onLog;
  settings.sandbox = arguments[5];
  settings.adminSocket = std::string(arguments[2]) + "/admin.sock";
  settings.roundMs = std::chrono::milliseconds(std::atoi(arguments[6]));
  settings.policies = {arguments[7], arguments[8]};
  const bool isWell = round(settings, "closed by two", false) && round(settings, "closed in a callback", true) &&
                      round(settings, "closed by two again", false);
  return isWell ? 0 : 1;
}
