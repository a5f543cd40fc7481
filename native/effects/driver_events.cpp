#include "effects/driver_events.hpp"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>

namespace moorage {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int eventsMax = 64;

uint32_t wanted(int what) {
  return ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
}

int happenedOf(uint32_t events) {
  return ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) | ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
         ((events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
}

}  // namespace

DriverEvents::DriverEvents(CURLM* multi)
    : multi_(multi), epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_.get();
  const bool ready = epoll_ && wake_ && ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0;
  if (!ready) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, onSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, onTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

void DriverEvents::wake() {
  const uint64_t one = 1;
  // A full counter has woken it already.
  (void)!::write(wake_.get(), &one, sizeof(one));
}

int DriverEvents::onSocket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  const int epoll = static_cast<DriverEvents*>(self)->epoll_.get();
  epoll_event event{};
  event.data.fd = socket;
  event.events = wanted(what);
  if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE) {
    ::epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event);
    return 0;
  }
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0) return 0;
  return errno == EEXIST && ::epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) == 0 ? 0 : -1;
}

int DriverEvents::onTimer(CURLM*, long ms, void* self) {
  auto& timer = static_cast<DriverEvents*>(self)->timer_;
  if (ms < 0) {
    timer.reset();
  } else {
    timer = steady_clock::now() + milliseconds(ms);
  }
  return 0;
}

int DriverEvents::waitMs(milliseconds atMost) const {
  if (!timer_) return static_cast<int>(atMost.count());
  const auto left = std::chrono::ceil<milliseconds>(*timer_ - steady_clock::now());
  return static_cast<int>(std::clamp(left, milliseconds(0), atMost).count());
}

void DriverEvents::wait(milliseconds atMost) {
  std::array<epoll_event, eventsMax> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), eventsMax, waitMs(atMost));
  for (int i = 0; i < count; i++) {
    if (events[i].data.fd != wake_.get()) {
      act(events[i].data.fd, happenedOf(events[i].events));
      continue;
    }
    uint64_t times = 0;
    (void)!::read(wake_.get(), &times, sizeof(times));
  }
  actOnTime();
}

void DriverEvents::act(curl_socket_t socket, int happened) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, happened, &running);
}

void DriverEvents::actOnTime() {
  if (!timer_ || *timer_ > steady_clock::now()) return;
  // libcurl sets it anew when it needs it.
  timer_.reset();
  act(CURL_SOCKET_TIMEOUT, 0);
}

}  // namespace moorage
