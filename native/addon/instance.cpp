#include "addon/instance.hpp"

#include "addon/v8_isolate.hpp"

namespace moorage {

Instance::Instance(Napi::Env env)
    : channel(HostChannel::create(env)), guard([isolate = v8::Isolate::GetCurrent()] { isolate->TerminateExecution(); }) {}

}  // namespace moorage
