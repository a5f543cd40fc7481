/**
 * The host's bundle, build/host.cjs. Inside libmoorage.so it starts itself; in plain Node it offers `startHost`, with
 * build/moorage.node as the binding.
 */
import type { Binding, EmbeddedBinding } from './binding.ts';
import { runEmbedded } from './embedded.ts';

export { startHost } from './start.ts';

interface EmbeddedProcess {
  _linkedBinding(name: string): Binding & { embedded: EmbeddedBinding };
}

if ((globalThis as { __moorageEmbedded?: boolean }).__moorageEmbedded === true) {
  void runEmbedded((process as unknown as EmbeddedProcess)._linkedBinding('moorage'));
}
