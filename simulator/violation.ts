/** Something that must always be true was not. `invariant` names the rule, the message says what was seen. */
export class Violation extends Error {
  override name = 'Violation';
  constructor(
    readonly invariant: Rule,
    message: string,
  ) {
    super(message);
  }
}

/** The rules that are checked; the text is for people. */
export const RULES = {
  answered: 'every call is answered exactly once, a prepare within its time',
  mounted: 'a prepare that was answered ok has its volumes mounted',
  held: 'a volume with a holder is not unmounted, and its managed mounts are only replaced',
  foreign: 'nothing foreign is touched, and no count of another client is taken',
  single: 'one effect a volume is in flight',
  deterministic: 'the same events give the same effects and the same snapshot',
  clean: 'when all is gone and drivers answer, nothing of ours is mounted',
  twice: 'no second driver mount while one is shown or may still come true',
  trap: 'no event traps the policy',
  witness: 'no unmount is sent while a live container has the volume',
  limited: 'a container is limited only when its volume was taken from it',
  calm: 'what fails is tried again with a pause',
  typing: 'a name that does not exist makes no volume',
  starts: 'a recovery or a configuration that was taken once is never refused',
  admitted: 'who may not have a volume is refused, and nobody else',
} as const;

export type Rule = keyof typeof RULES;
