import { PolicyError } from './policy_error.ts';

/** Throws where JavaScript runs without WebAssembly: V8 leaves it out when it may not compile at run time. */
export function requireWebAssembly(): void {
  if (typeof WebAssembly === 'undefined')
    throw new PolicyError(
      'there is no WebAssembly in this Node, and a policy is nothing else; start it without --jitless (NODE_OPTIONS may have it too)',
    );
}
