import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { patiently } from './patience.ts';

/** A message of Mesos' v1 API, in JSON. */
export type Message = Record<string, unknown>;

export interface Status {
  state: string;
  message?: string;
  reason?: string;
  /** The container on the agent. */
  container?: string;
  /** When it was heard of, as of performance.now(). */
  at: number;
}

/** A framework: the part of Mesos' v1 scheduler API that launches tasks and hears of them. */
export interface Scheduler {
  /** Launches a task as soon as there is an offer for it. */
  launch(task: Message): void;
  /** Launches them together, out of one offer; resolves with the time at which it was taken, as of performance.now(). */
  launchAll(tasks: Message[]): Promise<number>;
  /** Launches a task group under a default executor. */
  launchGroup(executor: Message, tasks: Message[]): void;
  kill(task: string): void;
  /** Every update of a task so far. */
  updates(task: string): Status[];
  /** Resolves with the first update of the task that has one of these states. */
  reached(task: string, states: string[], limitMs?: number): Promise<Status>;
  /** Takes the framework away, and with it whatever of its tasks still runs. */
  tearDown(): Promise<void>;
}

interface Offer {
  id: { value: string };
  agent_id: { value: string };
}

/** Registers with the master that listens on `port`. */
export async function subscribe(port: number, name: string, checkpoint: boolean): Promise<Scheduler> {
  const heard = new Map<string, Status[]>();
  const pending: ((offer: Offer) => Message)[] = [];
  let framework = '';

  const info = { user: 'root', name, checkpoint, failover_timeout: 600 };
  const stream = await open(port, { type: 'SUBSCRIBE', subscribe: { framework_info: info } });
  const call = (type: string, fields: Message): Promise<void> =>
    post(port, stream.id, { type, framework_id: { value: framework }, ...fields });

  /** A framework that has taken itself away is no longer listened to. */
  let isGone = false;
  const tell = (type: string, fields: Message): void => {
    call(type, fields).catch((error) => {
      if (!isGone) throw error;
    });
  };

  stream.onEvent = (event) => {
    if (isGone) return;
    if (event.type === 'SUBSCRIBED') framework = value((event.subscribed as Message).framework_id);
    if (event.type === 'OFFERS') for (const offer of (event.offers as { offers: Offer[] }).offers) use(offer);
    if (event.type === 'UPDATE') update((event.update as { status: Message }).status);
  };
  await patiently(`framework ${name} is registered`, () => framework !== '');

  function use(offer: Offer): void {
    const next = pending.shift();
    const offers = { offer_ids: [offer.id] };
    if (!next) tell('DECLINE', { decline: { ...offers, filters: { refuse_seconds: 3600 } } });
    else
      tell('ACCEPT', {
        accept: { ...offers, operations: [next(offer)], filters: { refuse_seconds: 0 } },
      });
  }

  function update(status: Message): void {
    const task = value(status.task_id);
    const container = (status.container_status as Message | undefined)?.container_id;
    const known = heard.get(task) ?? [];
    known.push({
      state: String(status.state),
      ...(status.message ? { message: String(status.message) } : {}),
      ...(status.reason ? { reason: String(status.reason) } : {}),
      ...(container ? { container: value(container) } : {}),
      at: performance.now(),
    });
    heard.set(task, known);
    const { agent_id, task_id, uuid } = status;
    if (uuid) tell('ACKNOWLEDGE', { acknowledge: { agent_id, task_id, uuid } });
  }

  function offerFor(operation: (offer: Offer) => Message): void {
    pending.push(operation);
    tell('REVIVE', {});
  }

  function launchAll(tasks: Message[]): Promise<number> {
    return new Promise((resolve) =>
      offerFor(({ agent_id }) => {
        resolve(performance.now());
        return { type: 'LAUNCH', launch: { task_infos: tasks.map((task) => ({ ...task, agent_id })) } };
      }),
    );
  }

  return {
    launch(task) {
      void launchAll([task]);
    },
    launchAll,
    launchGroup(executor, tasks) {
      offerFor(({ agent_id }) => ({
        type: 'LAUNCH_GROUP',
        launch_group: {
          executor: { ...executor, framework_id: { value: framework } },
          task_group: { tasks: tasks.map((task) => ({ ...task, agent_id })) },
        },
      }));
    },
    kill(task) {
      tell('KILL', { kill: { task_id: { value: task } } });
    },
    updates: (task) => heard.get(task) ?? [],
    async reached(task, states, limitMs) {
      const found = () => heard.get(task)?.find(({ state }) => states.includes(state));
      const told = () => JSON.stringify(heard.get(task) ?? []);
      await patiently(`${task} is ${states.join(' or ')}`, () => found() !== undefined, limitMs, told);
      return found() as Status;
    },
    async tearDown() {
      isGone = true;
      await call('TEARDOWN', {});
      stream.close();
    },
  };
}

function value(id: unknown): string {
  return String((id as { value: string }).value);
}

interface Stream {
  id: string;
  onEvent(event: Message): void;
  close(): void;
}

/** The answer to SUBSCRIBE never ends: each event is its length, a line end, and so many bytes of JSON. */
function open(port: number, message: Message): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const sent = send(port, {}, message, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`SUBSCRIBE: status ${response.statusCode}`));
      const early: Message[] = [];
      const stream: Stream = {
        id: String(response.headers['mesos-stream-id']),
        onEvent: (event) => early.push(event),
        close: () => sent.destroy(),
      };
      let bytes: Buffer = Buffer.alloc(0);
      response.on('data', (chunk) => {
        bytes = takeEvents(Buffer.concat([bytes, chunk]), (event) => stream.onEvent(event));
      });
      response.on('error', () => undefined);
      resolve(stream);
      // Whoever asked sets its own handler first; what came before that is told then.
      setImmediate(() => {
        for (const event of early) stream.onEvent(event);
      });
    });
    sent.on('error', reject);
  });
}

function takeEvents(bytes: Buffer, take: (event: Message) => void): Buffer {
  for (;;) {
    const end = bytes.indexOf('\n');
    const size = Number(bytes.subarray(0, Math.max(end, 0)).toString());
    if (end < 0 || bytes.length < end + 1 + size) return bytes;
    take(JSON.parse(bytes.subarray(end + 1, end + 1 + size).toString()));
    bytes = bytes.subarray(end + 1 + size);
  }
}

function post(port: number, stream: string, message: Message): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = send(port, { 'mesos-stream-id': stream }, message, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 202) resolve();
        else reject(new Error(`${message.type}: status ${response.statusCode}: ${text}`));
      });
    });
    sent.on('error', reject);
  });
}

function send(
  port: number,
  more: Record<string, string>,
  message: Message,
  answered: (response: IncomingMessage) => void,
): ClientRequest {
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...more };
  const sent = request(
    { host: '127.0.0.1', port, path: '/api/v1/scheduler', method: 'POST', headers, agent: false },
    answered,
  );
  sent.end(JSON.stringify(message));
  return sent;
}
