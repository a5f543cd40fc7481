#include "addon/arguments.hpp"
#include "addon/async.hpp"
#include "addon/functions.hpp"
#include "addon/instance.hpp"

namespace moorage {
namespace {

DriverTls readTls(const Napi::Value& value) {
  DriverTls tls;
  if (!value.IsObject()) return tls;
  const Napi::Object object = value.As<Napi::Object>();
  tls.insecureSkipVerify = booleanField(object, "insecureSkipVerify");
  tls.ca = optionalString(object, "ca");
  tls.cert = optionalString(object, "cert");
  tls.key = optionalString(object, "key");
  return tls;
}

DriverRequest readRequest(const Napi::Object& object) {
  DriverRequest request;
  request.lane = stringField(object, "lane");
  request.maxInFlight = numberField(object, "maxInFlight");
  request.address = stringField(object, "address");
  request.path = stringField(object, "path");
  request.body = stringField(object, "body");
  request.deadlineMs = numberField(object, "deadlineMs");
  request.maxResponseBytes = numberField(object, "maxResponseBytes");
  request.tls = readTls(object.Get("tls"));
  return request;
}

Napi::Value toResponse(Napi::Env env, const DriverOutcome& outcome) {
  Napi::Object response = Napi::Object::New(env);
  response.Set("status", static_cast<double>(outcome.status));
  response.Set("body", Napi::String::New(env, outcome.body));
  return response;
}

}  // namespace

Napi::Value post(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  DriverRequest request = readRequest(objectArgument(info));
  const PendingPromise pending(env);
  instanceOf(env).transport.post(std::move(request), [pending](DriverOutcome outcome) {
    if (outcome.error) return pending.reject(*outcome.error);
    pending.resolve([outcome = std::move(outcome)](Napi::Env env) { return toResponse(env, outcome); });
  });
  return pending.promise();
}

}  // namespace moorage
