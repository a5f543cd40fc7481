import type { Binding, EmbeddedBinding } from './binding.ts';
import { type Host, startHost } from './start.ts';

/** How long `moorage_close` lets effects finish; the caller's own limit may be shorter, and then ends the environment. */
const CLOSE_MS = 60_000;

/** The host inside libmoorage.so: joins the C ABI and the loop. */
export async function runEmbedded(binding: Binding & { embedded: EmbeddedBinding }): Promise<void> {
  const { embedded } = binding;
  let host: Host;
  try {
    host = await startHost({
      binding,
      ...embedded.options,
      log: (level, text) => embedded.log(level, text),
      notice: (frame) => embedded.notice(frame),
      fatal(error) {
        throw error;
      },
    });
  } catch (error) {
    embedded.started((error as Error).message);
    return;
  }
  let toldRecovered = embedded.options.restarted;
  embedded.onCall = (token, frame) =>
    host.call(frame, (reply) => {
      if (!toldRecovered && host.isolator.recovered()) {
        toldRecovered = true;
        embedded.recovered();
      }
      embedded.reply(token, reply);
    });
  embedded.onClose = () => {
    host.close(CLOSE_MS).then(
      () => embedded.closed(),
      (error: Error) => {
        embedded.log('error', `close: ${error.message}`);
        embedded.closed();
      },
    );
  };
  embedded.started('');
}
