#include "effects/driver_call.hpp"

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <new>


namespace moorage {
namespace {

constexpr const char* contentType = "Content-Type: application/vnd.docker.plugins.v1.1+json";
constexpr const char* accept = "Accept: application/vnd.docker.plugins.v1.1+json";
constexpr const char* noExpect = "Expect:";

curl_slist* makeHeaders() {
  curl_slist* list = nullptr;
  for (const char* header : {contentType, accept, noExpect}) {
    curl_slist* longer = curl_slist_append(list, header);
    if (longer == nullptr) {
      curl_slist_free_all(list);
      throw std::bad_alloc();
    }
    list = longer;
  }
  return list;
}

bool isPlainPath(const std::string& path) {
  return !path.empty() && path.front() == '/' &&
         std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 127 && c != '#' && c != '?'; });
}

}  // namespace

DriverCall::DriverCall(DriverRequest request, Done done)
    : request_(std::move(request)), done_(std::move(done)), answer_(request_.maxResponseBytes) {}

CURL* DriverCall::begin() {
  if (!address_) readRequest();
  headers_.reset(makeHeaders());
  easy_.reset(curl_easy_init());
  full_ = false;
  if (easy_ == nullptr) throw std::bad_alloc();
  setUp(easy_.get());
  return easy_.get();
}

void DriverCall::readRequest() {
  Address address = parseAddress(request_.address);
  if (!isPlainPath(request_.path)) {
    throw EffectError(FailureKind::failed, "bad-path", "\"" + request_.path + "\" is no path to post to");
  }
  const auto deadlineMs = std::min<uint64_t>(request_.deadlineMs, std::numeric_limits<int32_t>::max());
  deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadlineMs);
  address_ = std::move(address);
}

/** What is left of the deadline; never 0, which would mean "no limit" to libcurl. */
long DriverCall::leftMs() const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
  return std::max<long>(1, left.count());
}

void DriverCall::setUp(CURL* easy) {
  const bool tls = address_->tls;
  const char* scheme = tls ? "https" : "http";
  curl_easy_setopt(easy, CURLOPT_URL, (scheme + ("://" + address_->authority) + request_.path).c_str());
  if (!address_->socketPath.empty()) curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, address_->socketPath.c_str());
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, giveSocket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  if (tls) useTls(easy, request_.tls);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, scheme);
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  // A kept connection that the server closes meanwhile would make libcurl send again.
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A name server that hangs must not hold the thread of all calls.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, leftMs());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, leftMs());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "moorage");
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, onBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, onHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, onConnected);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason_);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
}

curl_socket_t DriverCall::giveSocket(void* self, curlsocktype, curl_sockaddr* address) {
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (address->family == AF_UNIX) static_cast<DriverCall*>(self)->socket_ = socket;
  return socket < 0 ? CURL_SOCKET_BAD : socket;
}

bool DriverCall::isUnconnected() const {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  return socket_ >= 0 && ::getpeername(socket_, reinterpret_cast<sockaddr*>(&peer), &size) != 0 && errno == ENOTCONN;
}

size_t DriverCall::onBody(char* data, size_t size, size_t count, void* self) {
  return static_cast<DriverCall*>(self)->answer_.takeBody({data, size * count}) ? size * count : 0;
}

size_t DriverCall::onHeader(char* data, size_t size, size_t count, void* self) {
  return static_cast<DriverCall*>(self)->answer_.takeHeader({data, size * count}) ? size * count : 0;
}

int DriverCall::onConnected(void* self, char*, char*, int, int) {
  // Called once the connection stands and before the first byte goes out. A second time would be a second send.
  auto* call = static_cast<DriverCall*>(self);
  if (call->sent_) return CURL_PREREQFUNC_ABORT;
  call->full_ = call->isUnconnected();
  if (call->full_) return CURL_PREREQFUNC_ABORT;
  call->sent_ = true;
  return CURL_PREREQFUNC_OK;
}

/** What libcurl could not connect has an error number, unless it is this. */
bool DriverCall::wasFull(CURLcode result) const {
  if (sent_ || socket_ < 0) return false;
  long error = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error);
  return full_ || (result == CURLE_COULDNT_CONNECT && error == 0);
}

bool DriverCall::isToTryAgain(CURLcode result) const {
  return wasFull(result) && std::chrono::steady_clock::now() < deadline_;
}

void DriverCall::finish(CURLcode result) {
  if (result != CURLE_OK) return fail(explain(result));
  DriverOutcome outcome;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &outcome.status);
  if (!answer_.isWhole(outcome.status)) {
    return fail(unknownOutcome("connection-broken", "the connection ended before the answer was whole"));
  }
  outcome.body = answer_.takeAway();
  done_(std::move(outcome));
}

void DriverCall::fail(EffectError error) {
  DriverOutcome outcome;
  outcome.error = std::move(error);
  done_(std::move(outcome));
}

void DriverCall::abandon() {
  fail(EffectError(sent_ ? FailureKind::timeout : FailureKind::unreachable, "closed",
                   describe() + ": the host ends" + (sent_ ? ", the outcome is unknown" : ", the call was not sent")));
}

std::string DriverCall::describe() const { return "POST " + request_.path + " to " + request_.address; }

EffectError DriverCall::unknownOutcome(const char* code, const std::string& what) const {
  return EffectError(FailureKind::timeout, code, describe() + ": " + what + "; the outcome is unknown");
}

EffectError DriverCall::explain(CURLcode result) const {
  if (!sent_) return explainUnsent(result);
  if (answer_.isTooLarge()) {
    return unknownOutcome("too-large", "the answer is longer than " + std::to_string(request_.maxResponseBytes) + " bytes");
  }
  const std::string reason = reason_[0] != '\0' ? reason_ : curl_easy_strerror(result);
  switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
      return unknownOutcome("deadline", "no whole answer within " + std::to_string(request_.deadlineMs) + " ms");
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return unknownOutcome("connection-broken", "the connection broke (" + reason + ")");
    default:
      return unknownOutcome("bad-response", "the answer is no HTTP that can be read (" + reason + ")");
  }
}

EffectError DriverCall::noConnection(int error) const {
  const char* hint = error == EMFILE || error == ENFILE ? "raise the limit of open files of this process"
                     : error == EACCES || error == EPERM ? "is this process allowed to use the socket?"
                                                         : "is the driver running?";
  return EffectError(FailureKind::unreachable, errnoName(error),
                     describe() + ": no connection: " + describeErrno(error) + "; " + hint);
}

EffectError DriverCall::explainUnsent(CURLcode result) const {
  const std::string reason = reason_[0] != '\0' ? reason_ : curl_easy_strerror(result);
  long error = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error);
  if (result == CURLE_COULDNT_CONNECT && error != 0) return noConnection(static_cast<int>(error));
  const auto unsent = [this, &reason](const char* code, const char* hint) {
    return EffectError(FailureKind::unreachable, code, describe() + ": no connection: " + reason + "; " + hint);
  };
  if (wasFull(result)) {
    return EffectError(FailureKind::unreachable, "deadline",
                       describe() + ": no connection within " + std::to_string(request_.deadlineMs) +
                           " ms: the driver takes none, and its queue of them is full; does it hang?");
  }
  if (isTlsFailure(result)) return unsent("tls", "look at TLSConfig in the driver's .json, and at its certificates");
  if (result == CURLE_OPERATION_TIMEDOUT) return unsent("deadline", "is the driver running?");
  if (result == CURLE_COULDNT_RESOLVE_HOST) return unsent("ENOTFOUND", "is the name of the host right?");
  return unsent("ECONNREFUSED", "is the driver running?");
}

}  // namespace moorage
