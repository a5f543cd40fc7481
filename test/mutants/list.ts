/** One fault put into the policy's source by hand. `from` stands exactly once in the file. */
export interface Mutant {
  /** What the faulty policy does. */
  name: string;
  file: string;
  from: string;
  to: string;
}

const NEXT = 'assembly/decide/next.ts';
const DONE = 'assembly/decide/done.ts';
const OBSERVED = 'assembly/decide/observed.ts';
const PREPARE = 'assembly/decide/prepare.ts';
const RECOVER = 'assembly/decide/recover.ts';
const RELEASE = 'assembly/decide/release.ts';
const ENDING = 'assembly/decide/ending.ts';
const RETRY = 'assembly/decide/retry.ts';
const STEP = 'assembly/decide/step.ts';

/** Faults that people make, and that earlier systems made. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a hold is not dropped at the cleanup',
    file: RELEASE,
    from: '  volume.users.splice(at, 1);\n',
    to: '',
  },
  {
    name: 'the refcount is forced to zero when any user leaves',
    file: RELEASE,
    from: '  volume.users.splice(at, 1);\n',
    to: '  volume.users = [];\n',
  },
  {
    name: 'two effects on one volume',
    file: NEXT,
    from: '  if (volume.busy || state.recovering !== null) return;\n',
    to: '  if (state.recovering !== null) return;\n',
  },
  {
    name: 'a retry does not wait for its time',
    file: NEXT,
    from: '  return state.now >= volume.retryAt;',
    to: '  return true;',
  },
  {
    name: 'an uncertain volume is used without a look',
    file: NEXT,
    from: '  if (volume.uncertain) {\n    if (mayBegin(volume)) emitObserve(volume, v.OBSERVE, false);\n  } else if (!volume.mountedForUs) acquire(volume);',
    to: '  if (!volume.mountedForUs) acquire(volume);',
  },
  {
    name: 'a task is given what the driver has mounted for another client alone',
    file: NEXT,
    from: 'else if (!volume.mountedForUs) acquire(volume);',
    to: 'else if (volume.mounted == v.NO) acquire(volume);',
  },
  {
    name: 'an old bind is handed to the next task after a new mount',
    file: NEXT,
    from: '  if (detachOld(volume)) return;\n',
    to: '',
  },
  {
    name: 'a late unmount is not waited for',
    file: NEXT,
    from: '  if (state.now < volume.vanishAt) return waitForUnmount(volume);\n',
    to: '',
  },
  {
    name: 'mounted without asking whether the volume exists',
    file: NEXT,
    from: 'volume.exists == v.UNKNOWN && (creates || !driver.mountNeverCreates)',
    to: 'volume.exists == v.UNKNOWN && creates',
  },
  {
    name: 'holders of a lost volume are not told',
    file: NEXT,
    from: '    limit(container, volume);\n',
    to: '',
  },
  {
    name: 'holders are limited although their own mount lives',
    file: NEXT,
    from: '    if (volume.dev.length > 0 && container.ownDevs.indexOf(volume.dev) >= 0) continue;\n',
    to: '',
  },
  {
    name: 'unmounted without a witness',
    file: NEXT,
    from: '(unmount && !volume.witnessed)',
    to: '(unmount && false)',
  },
  {
    name: 'linger is forgotten',
    file: NEXT,
    from: '  if (volume.lingerAt > state.now || !mayBegin(volume)) return;',
    to: '  if (!mayBegin(volume)) return;',
  },
  {
    name: 'an operator cannot hold a volume',
    file: NEXT,
    from: '  if (volume.held || ',
    to: '  if (',
  },
  {
    name: 'what nobody claims is taken down while containers of before live',
    file: NEXT,
    from: '(volume.unclaimed && state.quarantine.length > 0)',
    to: 'false',
  },
  {
    name: 'the record goes although a driver mount is owed',
    file: NEXT,
    from: '  return volume.mounted == v.YES ? volume.owedMax > 0 : volume.owedMin > 0;',
    to: '  return false;',
  },
  {
    name: 'another client of the driver has its mount taken away',
    file: NEXT,
    from: '  return volume.mounted == v.YES ? volume.owedMax > 0 : volume.owedMin > 0;',
    to: '  return volume.mounted == v.YES || volume.owedMin > 0;',
  },
  {
    name: 'a read-only user is given the writable mount',
    file: 'assembly/events/config.ts',
    from: 'return readonly ? this.readonlyPrefix : this.writablePrefix;',
    to: 'return this.writablePrefix;',
  },
  {
    name: 'a mount that timed out is taken for not mounted at once',
    file: DONE,
    from: '  if (outcome.timedOut) volume.settleAt = state.now + state.configured().settleMs;\n',
    to: '',
  },
  {
    name: 'a mount that failed is not looked at',
    file: DONE,
    from: '    volume.owedMax += 1;\n    volume.forgetCertainty();\n',
    to: '    volume.owedMax += 1;\n',
  },
  {
    name: 'a refused mount leaves its task waiting',
    file: DONE,
    from: "  failWaiters(volume, DRIVER_REFUSED, failure, 'see the log of driver ' + volume.driver);\n",
    to: '',
  },
  {
    name: 'an unmount that failed counts as done',
    file: DONE,
    from: "  else volume.forgetCertainty();\n  const failure = failureText('unmount'",
    to: "  else volume.mounted = v.NO;\n  const failure = failureText('unmount'",
  },
  {
    name: 'still mounted after the unmount counts as gone',
    file: DONE,
    from: '    if (outcome.stillMounted) {',
    to: '    if (false) {',
  },
  {
    name: 'more is stale than is owed',
    file: DONE,
    from: '      if (volume.owedStale > volume.owedMax) volume.owedStale = volume.owedMax;\n',
    to: '',
  },
  {
    name: 'a mount after a reboot stays one of before',
    file: DONE,
    from: '      volume.owedStale = 0;\n',
    to: '',
  },
  {
    name: 'what was counted when nothing was shown passes for what is shown',
    file: 'assembly/state/volume.ts',
    from: 'this.owedMax > this.owedStale',
    to: 'this.owedMax > 0',
  },
  {
    name: 'a mount of unknown end is given out while its driver is silent',
    file: OBSERVED,
    from: 'outcome.answered || volume.owedMin > 0 ? v.YES : v.UNKNOWN',
    to: 'v.YES',
  },
  {
    name: 'container paths that cannot be made are ignored',
    file: DONE,
    from: '  container.placing = 0;\n  if (outcome.ok) {',
    to: '  container.placing = 0;\n  if (true) {',
  },
  {
    name: 'a silent driver counts as: not mounted',
    file: OBSERVED,
    from: '  } else if (!outcome.answered) {',
    to: '  } else if (false) {',
  },
  {
    name: 'a live container does not keep its volume from being unmounted',
    file: OBSERVED,
    from: '  volume.witnessed = !pinned && volume.users.length == 0;',
    to: '  volume.witnessed = true;',
  },
  {
    name: 'a look that was made for one task testifies for the next',
    file: OBSERVED,
    from: '!pinned && volume.users.length == 0;',
    to: '!pinned;',
  },
  {
    name: 'a look from before somebody came testifies when he is gone',
    file: PREPARE,
    from: '  volume.witnessed = false;\n  volume.users.push',
    to: '  volume.users.push',
  },
  {
    name: 'stacked or forgotten managed mounts are not seen',
    file: OBSERVED,
    from: '      volume.rw = v.YES;\n',
    to: '',
  },
  {
    name: 'answered before the container paths are made',
    file: PREPARE,
    from: '  if (!container.placed) return emitPlace(container);\n',
    to: '',
  },
  {
    name: 'every caller of a joined prepare but the first is forgotten',
    file: PREPARE,
    from: '  for (let i = 0; i < calls.length; i++) emitMounts(calls[i], container.requests);',
    to: '  for (let i = 0; i < 1; i++) emitMounts(calls[i], container.requests);',
  },
  {
    name: 'a reply is sent twice',
    file: PREPARE,
    from: '  for (let i = 0; i < calls.length; i++) emitMounts(calls[i], container.requests);',
    to: '  for (let i = 0; i < calls.length; i++) emitMounts(calls[i], container.requests);\n  emitMounts(calls[0], container.requests);',
  },
  {
    name: 'answered when one of two volumes is there',
    file: PREPARE,
    from: '  for (let i = 0; i < container.requests.length; i++) if (!isThere(container.requests[i])) return;\n',
    to: '  if (!isThere(container.requests[0])) return;\n',
  },
  {
    name: 'a prepare has no deadline',
    file: PREPARE,
    from: '  state.deadline(container, state.now + config.prepareMs);\n',
    to: '',
  },
  {
    name: 'exclusive volumes are shared',
    file: PREPARE,
    from: '  if (!exclusive) return null;\n',
    to: '  if (volume.seq > 0) return null;\n',
  },
  {
    name: 'a failed prepare keeps its holds',
    file: PREPARE,
    from: '  refuseCalls(container, code, message, hint);\n  release(container, false);\n',
    to: '  refuseCalls(container, code, message, hint);\n',
  },
  {
    name: 'a cleanup takes the volume of a container that is only being destroyed',
    file: ENDING,
    from: '    container.destroyed = true;\n',
    to: '    container.destroyed = true;\n    release(container, true);\n',
  },
  {
    name: 'a cleanup is not answered for the unknown',
    file: ENDING,
    from: "  if (container) answerOpen(container, 'cleaned up');\n  emitOk(call);\n",
    to: "  if (container) answerOpen(container, 'cleaned up');\n  if (container) emitOk(call);\n",
  },
  {
    name: 'after a recovery the facts of before are believed',
    file: RECOVER,
    from: '    volume.exists = v.UNKNOWN;\n    volume.forgetCertainty();\n',
    to: '',
  },
  {
    name: 'a mount in flight at the crash is forgotten',
    file: RECOVER,
    from: '      volume.owedMax += 1;\n      volume.settleAt = settledAt;\n',
    to: '',
  },
  {
    name: 'holders that nobody knows stay for ever',
    file: RECOVER,
    from: '      dropContainer(container);\n      continue;\n',
    to: '      continue;\n',
  },
  {
    name: 'orphans that the agent names lose their volumes',
    file: RECOVER,
    from: '    if (!lives && !orphans.has(container.id)) {',
    to: '    if (!lives) {',
  },
  {
    name: 'after a reboot the drivers are not told',
    file: RECOVER,
    from: '    volume.owedMin = volume.owedMax > 0 ? 1 : 0;\n',
    to: '    volume.owedMin = 0;\n',
  },
  {
    name: 'holders of the last boot live on after a reboot',
    file: RECOVER,
    from: '  if (rebooted) {\n',
    to: '  if (rebooted && false) {\n',
  },
  {
    name: 'orphan mounts under the root are not taken down',
    file: RECOVER,
    from: '  adoptMounts(recovering.mounts, whole);\n',
    to: '',
  },
  {
    name: 'decided before the last part of a recovery',
    file: STEP,
    from: '  if (last) recover(call, journal, bootId, recovering);',
    to: '  if (last || true) recover(call, journal, bootId, recovering);',
  },
  {
    name: 'the backoff does not grow',
    file: RETRY,
    from: '  for (let i = 1; i < attempt && delay < most; i++) delay *= 2;\n',
    to: '',
  },
  {
    name: 'the wake-up is told only once',
    file: STEP,
    from: '  if (wake != state.wakeAt) {',
    to: '  if (state.wakeAt == 0 && wake != 0) {',
  },
  {
    name: 'timers of a restored state are lost',
    file: 'assembly/state/snapshot.ts',
    from: '  if (volume.retryAt > 0) into.timers.push(new Timer(volume.retryAt, volume.seq, volume.key, true));\n',
    to: '',
  },
  {
    name: 'an effect number is used again',
    file: 'assembly/effects/emit.ts',
    from: '  state.nextEffect += 1;\n  volume.doing = doing;\n',
    to: '  volume.doing = doing;\n',
  },
];
