import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Machine, startMachine } from './machine.ts';
import { patiently } from './patience.ts';
import { type Message, type Scheduler, subscribe } from './scheduler.ts';

/** What a Mesos was installed to; without one no agent test runs. */
export const MESOS_PREFIX = process.env.MESOS_PREFIX ?? '';
const MODULE = 'org_moorage_VolumeIsolator';
const CGROUPS = '/sys/fs/cgroup';

export interface ClusterOptions {
  /** False for an agent without moorage. */
  withModule?: boolean;
  /** `docker/volume` and the like, between filesystem/linux and the module. */
  isolation?: string[];
  /** `posix`, and filesystem/posix with it; else both are of Linux. */
  launcher?: 'posix' | 'linux';
  parameters?: Record<string, string>;
  agentFlags?: string[];
  /** More of moorage's configuration. */
  config?: Message;
  /** More of the agent's environment; there DVDCLI_SOCKETS is the folder of the drivers' sockets, MOORAGE_DYING_FILE its file `orders`. */
  env?: NodeJS.ProcessEnv;
  drivers?: string[];
}

/** A master, an agent with the module, and drivers, on a machine of their own. */
export interface Cluster {
  folder: string;
  machine: Machine;
  /** moorage's managed mounts. */
  root: string;
  state: string;
  work: string;
  runtime: string;
  /** The modules file and the agent's flags; a test may change them before a start. */
  options: ClusterOptions;
  startAgent(): Promise<void>;
  agentPid(): number;
  /** Starts an agent that is expected to end by itself; its log. */
  refusedAgent(): Promise<string>;
  killAgent(): Promise<void>;
  /** SIGTERM for a restart, SIGUSR1 when it shall leave the cluster and end its tasks. Its exit code. */
  stopAgent(signal: NodeJS.Signals): Promise<number | null>;
  startDriver(name: string): Promise<void>;
  stopDriver(name: string, signal: NodeJS.Signals): Promise<void>;
  /** SIGSTOP lets its calls hang, SIGCONT goes on. */
  signalDriver(name: string, signal: NodeJS.Signals): void;
  socketOf(driver: string): string;
  driver(name: string, method: string, body: Message): Promise<Message>;
  framework(name: string, checkpoint?: boolean): Promise<Scheduler>;
  agentLog(): string;
  /** `/containers` and the like, of the agent. */
  agentJson(path: string): Promise<unknown>;
  moorage(...args: string[]): Promise<string>;
  /** Mounts of drivers and of moorage. */
  mounts(): string[];
  /** Pids whose cgroup is one of this agent's. */
  tasks(): number[];
  /** Cgroups of containers that the agent has not cleaned up yet. */
  containers(): string[];
  /** SIGKILL for everything that the agent started. */
  killTasks(): Promise<void>;
  clear(): Promise<void>;
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'mesos-'));
  const machine = await startMachine(folder);
  const [masterPort, agentPort] = [await freePort(), await freePort()];
  const cgroups = `moorage-test-${process.pid}-${agentPort}`;
  const paths = {
    root: join(folder, 'volumes'),
    state: join(folder, 'state'),
    work: join(folder, 'work'),
    runtime: join(folder, 'runtime'),
  };
  const running = new Map<string, ChildProcess>();
  const log = (name: string) => join(folder, `${name}.log`);
  const drivers = options.drivers ?? ['ebs'];
  const socketOf = (name: string) => join(folder, `${name}.sock`);

  function begin(name: string, program: string, args: string[], env?: NodeJS.ProcessEnv): ChildProcess {
    return keep(name, machine.start(program, args, env));
  }

  function keep(name: string, child: ChildProcess): ChildProcess {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => appendFileSync(log(name), chunk));
    }
    running.set(name, child);
    return child;
  }

  function stop(name: string, signal: NodeJS.Signals): Promise<number | null> {
    const child = running.get(name);
    running.delete(name);
    return new Promise((resolve) => {
      if (!child || child.exitCode !== null || child.signalCode !== null)
        return resolve(child?.exitCode ?? null);
      child.once('close', (code) => resolve(code));
      child.kill(signal);
    });
  }

  function agentArguments(): string[] {
    const launcher = cluster.options.launcher ?? 'linux';
    const { isolation = [], withModule = true } = cluster.options;
    const isolators = [`filesystem/${launcher}`, ...isolation, ...(withModule ? [MODULE] : [])];
    const parameters = Object.entries({
      config: join(folder, 'config.json'),
      state: paths.state,
      ...cluster.options.parameters,
    }).map(([key, value]) => ({ key, value }));
    const file = resolve('build/libmoorage_mesos.so');
    const modules = { libraries: [{ file, modules: [{ name: MODULE, parameters }] }] };
    writeFileSync(join(folder, 'modules.json'), JSON.stringify(modules));
    return [
      `--master=127.0.0.1:${masterPort}`,
      '--ip=127.0.0.1',
      `--port=${agentPort}`,
      '--hostname=localhost',
      `--work_dir=${paths.work}`,
      `--runtime_dir=${paths.runtime}`,
      `--launcher_dir=${join(MESOS_PREFIX, 'libexec/mesos')}`,
      '--containerizers=mesos',
      `--launcher=${launcher}`,
      `--isolation=${isolators.join(',')}`,
      ...(withModule ? [`--modules=file://${join(folder, 'modules.json')}`] : []),
      `--cgroups_root=${cgroups}`,
      '--no-systemd_enable_support',
      `--docker_volume_checkpoint_dir=${join(folder, 'docker-volume')}`,
      '--resources=cpus:8;mem:4096;disk:1024;ports:[31000-32000];ebsvolumes:{v1,v2}',
      '--executor_registration_timeout=2mins',
      ...(cluster.options.agentFlags ?? []),
    ];
  }

  function beginAgent(): ChildProcess {
    return begin('agent', join(MESOS_PREFIX, 'sbin/mesos-agent'), agentArguments(), {
      ...process.env,
      DVDCLI_SOCKETS: folder,
      MOORAGE_DYING_FILE: join(folder, 'orders'),
      ...cluster.options.env,
    });
  }

  async function startAgent(): Promise<void> {
    const from = textOf(log('agent')).length;
    const child = beginAgent();
    const registered = /Registered with master|Re-registered with master/;
    await patiently(
      'the agent is registered',
      () => {
        if (child.exitCode !== null)
          throw new Error(`the agent ended with ${child.exitCode}: ${textOf(log('agent')).slice(-3000)}`);
        return registered.test(textOf(log('agent')).slice(from));
      },
      60_000,
      () => textOf(log('agent')).slice(-3000),
    );
  }

  function tasks(): number[] {
    const found = new Set<number>();
    for (const controller of namesIn(CGROUPS)) {
      for (const file of procsFiles(join(CGROUPS, controller, cgroups))) {
        for (const pid of textOf(file).split('\n')) if (pid !== '') found.add(Number(pid));
      }
    }
    return [...found];
  }

  function containers(): string[] {
    return namesIn(CGROUPS).flatMap((controller) => namesIn(join(CGROUPS, controller, cgroups)));
  }

  async function killTasks(): Promise<void> {
    await patiently('the tasks are dead', () => {
      const pids = tasks();
      for (const pid of pids) kill(pid);
      return pids.length === 0;
    });
  }

  async function clear(): Promise<void> {
    for (const name of [...running.keys()].reverse()) await stop(name, 'SIGKILL');
    await killTasks();
    await machine.stop();
    for (const controller of namesIn(CGROUPS)) removeCgroups(join(CGROUPS, controller, cgroups));
    rmSync(folder, { recursive: true, force: true });
  }

  const cluster: Cluster = {
    folder,
    machine,
    ...paths,
    options,
    startAgent,
    async refusedAgent() {
      const from = textOf(log('agent')).length;
      const child = beginAgent();
      await patiently(
        'the agent has ended by itself',
        () => child.exitCode !== null || child.signalCode !== null,
      );
      running.delete('agent');
      return textOf(log('agent')).slice(from);
    },
    agentPid: () => running.get('agent')?.pid ?? 0,
    async killAgent() {
      await stop('agent', 'SIGKILL');
    },
    stopAgent: (signal) => stop('agent', signal),
    async startDriver(name) {
      const args = [
        'driver',
        '--name',
        name,
        '--socket',
        socketOf(name),
        '--root',
        join(folder, 'drivers', name),
      ];
      const from = textOf(log(name)).length;
      begin(name, process.execPath, [resolve('build/moorage.mjs'), ...args]);
      await patiently(`driver ${name} listens`, () => textOf(log(name)).slice(from).includes('listening'));
    },
    async stopDriver(name, signal) {
      await stop(name, signal);
    },
    socketOf,
    signalDriver(name, signal) {
      running.get(name)?.kill(signal);
    },
    async driver(name, method, body) {
      const data = JSON.stringify(body);
      const url = `http://driver/VolumeDriver.${method}`;
      const text = await machine.run('curl', ['-s', '--unix-socket', socketOf(name), '-d', data, url]);
      return JSON.parse(text);
    },
    framework: (name, checkpoint = true) => subscribe(masterPort, name, checkpoint),
    agentLog: () => textOf(log('agent')),
    agentJson: (path) => getJson(agentPort, path),
    moorage: (...args) =>
      machine.run(process.execPath, [resolve('build/moorage.mjs'), ...args, '--state', paths.state]),
    mounts: () => [...machine.mountsBelow(join(folder, 'drivers')), ...machine.mountsBelow(paths.root)],
    tasks,
    containers,
    killTasks,
    clear,
  };

  try {
    for (const path of [paths.work, paths.runtime]) mkdirSync(path);
    const addresses = Object.fromEntries(
      drivers.map((name) => [name, { address: `unix://${socketOf(name)}` }]),
    );
    const config = {
      agentId: 'a1',
      root: paths.root,
      defaultDriver: 'ebs',
      drivers: addresses,
      ...options.config,
    };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    for (const name of drivers) await cluster.startDriver(name);
    // Outside: it lives through the reboots of the machine.
    const master = [
      '--ip=127.0.0.1',
      `--port=${masterPort}`,
      '--hostname=localhost',
      `--work_dir=${join(folder, 'master')}`,
      '--registry=in_memory',
      '--allocation_interval=100ms',
      '--agent_ping_timeout=60secs',
    ];
    keep(
      'master',
      spawn(join(MESOS_PREFIX, 'sbin/mesos-master'), master, { stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    await patiently('the master answers', () =>
      getJson(masterPort, '/version').then(
        () => true,
        () => false,
      ),
    );
    await startAgent();
    return cluster;
  } catch (error) {
    await clear();
    throw error;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function namesIn(path: string): string[] {
  return existsSync(path)
    ? readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
    : [];
}

function procsFiles(cgroup: string): string[] {
  if (!existsSync(cgroup)) return [];
  return [join(cgroup, 'cgroup.procs'), ...namesIn(cgroup).flatMap((name) => procsFiles(join(cgroup, name)))];
}

function removeCgroups(cgroup: string): void {
  for (const name of namesIn(cgroup)) removeCgroups(join(cgroup, name));
  if (existsSync(cgroup)) rmdirSync(cgroup);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function getJson(port: number, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${path}: status ${response.statusCode}`));
      });
    }).on('error', reject);
  });
}
