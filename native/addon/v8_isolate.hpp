#pragma once

namespace v8 {

/**
 * The three functions of V8 that Node-API has no words for. They are members without state of the caller's and have had these names in
 * every V8 since Node 12, so moorage.node needs no headers of V8, and stays one binary for all of Node from 18 on.
 */
class Isolate {
 public:
  static Isolate* GetCurrent();
  /** From any thread: the JS or wasm that runs, or would run next, ends with an exception that JS cannot catch. */
  void TerminateExecution();
  void CancelTerminateExecution();
};

}  // namespace v8
