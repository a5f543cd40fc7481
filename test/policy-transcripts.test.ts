/** What follows each failure, with all words and times, as files in test/transcripts/ that have been read and found right. */
import { suite } from 'uvu';
import { compareTranscript, createTranscript } from './policy_transcript.ts';
import {
  afterTheNextCame,
  CREATING,
  endAll,
  failures,
  KINDS,
  type Kind,
  start,
} from './policy_transcript_steps.ts';
import { prepareEvent } from './world.ts';

const FOLDER = 'test/transcripts';
const transcripts = suite('policy: transcripts of failures');

/** Two tasks want one volume, an operation fails twice, then all is well again and both end. */
function whileItIsWanted(op: string, kind: Kind): string[] {
  const t = createTranscript({ config: { prepareMs: 3000, drivers: CREATING } });
  t.endings(op, ...failures(kind));
  const label = op === 'create' ? 'source=new,target=d,create,volume-opt=size=5' : 'v1:d';
  t.tell(prepareEvent('c1', { volume: label }));
  t.tell(prepareEvent('c2', { volume: label }));
  t.settle(4000);
  endAll(t);
  return t.lines;
}

/** The last task has gone, and an operation fails twice. */
function whileItIsTakenDown(op: string, kind: Kind): string[] {
  const t = start({ settleMs: 1000 });
  t.endings(op, ...failures(kind));
  t.tell({ type: 'cleanup', id: 'c1' });
  t.settle(5000);
  return t.lines;
}

/** The next task comes while it is not known how that ended. */
function whileTheNextComes(op: string, kind: Kind): string[] {
  const t = start({ settleMs: 1000 });
  t.endings(op, ...failures(kind));
  afterTheNextCame(t, op);
  return t.lines;
}

/** It was done, but the answer says otherwise. */
function inSpiteOfTheAnswer(op: string, kind: Kind): string[] {
  const t = createTranscript({ config: { settleMs: 1000 } });
  const [outcome] = failures(kind);
  t.endings(op, () => outcome as Record<string, unknown>);
  t.tell(prepareEvent('c1', { volume: 'v1:d' }));
  t.settle(3000);
  t.tell({ type: 'cleanup', id: 'c1' });
  t.settle(5000);
  return t.lines;
}

function each(ops: readonly string[], run: (op: string, kind: Kind) => string[]) {
  return ops.flatMap((op) => KINDS.map((kind): [string, string[]] => [`${op}: ${kind}`, run(op, kind)]));
}

transcripts('a failure of any kind on the way up is answered, told and tried again as written down', () => {
  compareTranscript(`${FOLDER}/up.txt`, each(['get', 'create', 'mount', 'bind', 'place'], whileItIsWanted));
});

transcripts('a failure of any kind on the way down is told and tried again as written down', () => {
  compareTranscript(`${FOLDER}/down.txt`, each(['detach', 'observe', 'unmount'], whileItIsTakenDown));
});

transcripts('the next task on a volume that is coming down badly gets it as written down', () => {
  compareTranscript(`${FOLDER}/next.txt`, each(['detach', 'observe', 'unmount'], whileTheNextComes));
});

transcripts('what was done in spite of the answer is found and given back as written down', () => {
  const ops = ['create', 'mount', 'bind', 'detach', 'unmount'];
  compareTranscript(`${FOLDER}/done.txt`, each(ops, inSpiteOfTheAnswer));
});

transcripts.run();
