import type { Isolator } from '../isolator.ts';

/** The policy that decides fails at what has to be: the one before it takes its place. True when another one decides now. */
export async function giveWay({ inTurn, failing, deciding }: Isolator, why: string): Promise<boolean> {
  const before = deciding.now().digest;
  await inTurn(() => failing.giveWay(why) ?? []);
  return deciding.now().digest !== before;
}
