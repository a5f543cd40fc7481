#include "embed/environment.hpp"

#include <napi.h>
#include <node.h>
#include <unistd.h>

#include <exception>
#include <string>

#include "addon/addon.hpp"
#include "addon/instance.hpp"
#include "effects/lock_file.hpp"
#include "embed/embedded_binding.hpp"
#include "embed/main_script.hpp"
#include "embed/node_runtime.hpp"
#include "embed/session.hpp"

namespace moorage {
namespace {

// The life of the environment on this thread. V8's callbacks and the module's entry carry no pointer of ours.
thread_local std::shared_ptr<Life> threadLife;
thread_local Instance* threadInstance = nullptr;

napi_value registerModule(napi_env env, napi_value exports) {
  try {
    const Napi::Object object(env, exports);
    initAddon(env, object);
    threadInstance = &instanceOf(env);
    initEmbedded(env, object, threadLife);
    object.Set("hostBundle", threadLife->session().options().hostBundle);
    object.Set("hostSource", threadLife->session().options().hostSource);
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, (std::string("the native part does not start: ") + error.what() + "; the limit of open files may be too small").c_str());
  }
  return exports;
}

std::string fullHeap(size_t bytes) {
  const std::optional<MemoryLimit>& limit = nodeRuntime().memoryLimit;
  return "its heap is full (" + std::to_string(bytes >> 20) + " MiB" + (limit ? ", of the group's " + describe(*limit) : "") + ")";
}

/** Near its limit the heap gets a little more, so that the environment can be stopped in order. */
size_t onNearHeapLimit(void* environment, size_t current, size_t) {
  threadLife->ending(fullHeap(current));
  node::Stop(static_cast<node::Environment*>(environment));
  return current + (nodeRuntime().heap.reserveMib << 20);
}

[[noreturn]] void park() {
  for (;;) ::pause();
}

/**
 * V8 would abort the process when this returned. The environment is never freed: what it holds that others need is let go here. What V8 tells beside
 * the place is a bool in Node 18 and a structure from 20 on.
 */
template <typename Details>
void onOutOfMemory(const char* where, Details) {
  // A thread of V8's own that clears up has no life: the host waits for it, gives no sign, and the supervisor says so.
  if (threadLife == nullptr) park();
  if (threadInstance != nullptr) {
    // The next host decides anew: what this one had queued must not be done behind its back.
    threadInstance->transport.stop();
    threadInstance->pool.stop();
    for (const int fd : threadInstance->lockedFiles) unlockFile(fd);
  }
  threadLife->ending("out of memory");
  threadLife->over(Over::parked, std::string("V8 gave up in ") + (where != nullptr ? where : "an unknown place"));
  park();
}

void spin(node::Environment* env, v8::Isolate* isolate) {
  isolate->AddNearHeapLimitCallback(onNearHeapLimit, env);
  isolate->SetOOMErrorHandler(onOutOfMemory);
  node::SetProcessExitHandler(env, [](node::Environment* env, int code) {
    threadLife->ending("it called process.exit(" + std::to_string(code) + ")");
    node::Stop(env);
  });
  node::AddLinkedBinding(env, "moorage", registerModule, NAPI_VERSION);
  const bool wanted = threadLife->setStop([env] { node::Stop(env); });
  if (wanted && !node::LoadEnvironment(env, mainScript).IsEmpty()) node::SpinEventLoop(env).IsNothing();
  threadLife->setStop(nullptr);
  isolate->RemoveNearHeapLimitCallback(onNearHeapLimit, 0);
  node::Stop(env);
}

std::string joined(const std::vector<std::string>& errors) {
  std::string text;
  for (const std::string& error : errors) text += (text.empty() ? "" : "; ") + error;
  return text;
}

void runInRuntime(const NodeRuntime& runtime) {
  using namespace node::EnvironmentFlags;
  // Files that the host had open are closed with it: the daemon lives on, and the journal's lock must not.
  const auto flags = static_cast<Flags>(kNoCreateInspector | kNoGlobalSearchPaths | kTrackUnmanagedFds);
  std::vector<std::string> errors;
  const auto setup = node::CommonEnvironmentSetup::Create(runtime.platform, &errors, runtime.args, runtime.execArgs, flags);
  if (!setup) return threadLife->ending("no JS environment could be made: " + joined(errors));
  const v8::Locker locker(setup->isolate());
  const v8::Isolate::Scope isolateScope(setup->isolate());
  const v8::HandleScope handles(setup->isolate());
  const v8::Context::Scope contextScope(setup->context());
  spin(setup->env(), setup->isolate());
}

}  // namespace

void runEnvironment(const std::shared_ptr<Life>& life) {
  threadLife = life;
  const NodeRuntime& runtime = nodeRuntime();
  if (!runtime.error.empty()) {
    life->ending(runtime.error);
  } else {
    runInRuntime(runtime);
  }
  threadLife.reset();
}

}  // namespace moorage
