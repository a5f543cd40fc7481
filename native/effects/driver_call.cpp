#include "effects/driver_call.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include "effects/address.hpp"

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

DriverCall::DriverCall(DriverRequest request, Done done) : request_(std::move(request)), done_(std::move(done)) {}

CURL* DriverCall::begin() {
  const Address address = parseAddress(request_.address);
  if (!isPlainPath(request_.path)) {
    throw EffectError(FailureKind::failed, "bad-path", "\"" + request_.path + "\" is no path to post to");
  }
  headers_.reset(makeHeaders());
  easy_.reset(curl_easy_init());
  if (easy_ == nullptr) throw std::bad_alloc();
  CURL* easy = easy_.get();
  // 0 would mean "no limit" to libcurl.
  const auto deadlineMs = static_cast<long>(std::clamp<uint64_t>(request_.deadlineMs, 1, std::numeric_limits<int32_t>::max()));

  curl_easy_setopt(easy, CURLOPT_URL, ("http://" + address.authority + request_.path).c_str());
  if (!address.socketPath.empty()) curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, address.socketPath.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
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
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, deadlineMs);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, deadlineMs);
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
  return easy;
}

size_t DriverCall::onBody(char* data, size_t size, size_t count, void* self) {
  auto* call = static_cast<DriverCall*>(self);
  if (!call->takes(size * count)) return 0;
  call->body_.append(data, size * count);
  return size * count;
}

size_t DriverCall::onHeader(char*, size_t size, size_t count, void* self) {
  return static_cast<DriverCall*>(self)->takes(size * count) ? size * count : 0;
}

int DriverCall::onConnected(void* self, char*, char*, int, int) {
  // Called once the connection stands and before the first byte goes out. A second time would be a second send.
  auto* call = static_cast<DriverCall*>(self);
  if (call->sent_) return CURL_PREREQFUNC_ABORT;
  call->sent_ = true;
  return CURL_PREREQFUNC_OK;
}

bool DriverCall::takes(size_t bytes) {
  received_ += bytes;
  tooLarge_ = received_ > request_.maxResponseBytes;
  return !tooLarge_;
}

void DriverCall::finish(CURLcode result) {
  if (result != CURLE_OK) return fail(explain(result));
  DriverOutcome outcome;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &outcome.status);
  outcome.body = std::move(body_);
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

EffectError DriverCall::explain(CURLcode result) const {
  if (!sent_) return explainUnsent(result);
  const auto unknown = [this](const char* code, const std::string& what) {
    return EffectError(FailureKind::timeout, code, describe() + ": " + what + "; the outcome is unknown");
  };
  if (tooLarge_) return unknown("too-large", "the answer is longer than " + std::to_string(request_.maxResponseBytes) + " bytes");
  const std::string reason = reason_[0] != '\0' ? reason_ : curl_easy_strerror(result);
  switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
      return unknown("deadline", "no whole answer within " + std::to_string(request_.deadlineMs) + " ms");
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return unknown("connection-broken", "the connection broke (" + reason + ")");
    default:
      return unknown("bad-response", "the answer is no HTTP that can be read (" + reason + ")");
  }
}

EffectError DriverCall::explainUnsent(CURLcode result) const {
  const std::string reason = reason_[0] != '\0' ? reason_ : curl_easy_strerror(result);
  long error = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error);
  const bool known = result == CURLE_COULDNT_CONNECT && error != 0;
  const char* code = result == CURLE_OPERATION_TIMEDOUT    ? "deadline"
                     : result == CURLE_COULDNT_RESOLVE_HOST ? "ENOTFOUND"
                                                            : "ECONNREFUSED";
  const std::string detail = known ? describeErrno(static_cast<int>(error)) : reason;
  return EffectError(FailureKind::unreachable, known ? errnoName(static_cast<int>(error)) : code,
                     describe() + ": no connection: " + detail + "; is the driver running?");
}

}  // namespace moorage
