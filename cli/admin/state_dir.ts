/** Where the agent of the documentation keeps the isolator's state: `--work /var/lib/moorage-agent`. */
const STATE_DIR = '/var/lib/moorage-agent/state';

export const STATE_HELP = `the isolator's state directory; default: MOORAGE_STATE, else ${STATE_DIR}`;

/** The state directory that a person means. */
export function stateDirOf({ state }: { state?: string }): string {
  return state ?? (process.env.MOORAGE_STATE || STATE_DIR);
}
