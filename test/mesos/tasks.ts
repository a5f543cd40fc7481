import type { Message } from './scheduler.ts';

export interface TaskOptions {
  labels?: Record<string, string>;
  env?: Record<string, string>;
  volumes?: Message[];
  /** Names of the SET `ebsvolumes` that it takes. */
  offered?: string[];
  image?: string;
}

/** A command task. */
export function task(id: string, command: string, options: TaskOptions = {}): Message {
  const { labels, env, volumes, offered, image } = options;
  return {
    name: id,
    task_id: { value: id },
    resources: resources(offered),
    command: {
      shell: true,
      value: command,
      ...(env ? { environment: { variables: pairs(env, 'name') } } : {}),
    },
    ...(labels ? { labels: { labels: pairs(labels, 'key') } } : {}),
    ...(volumes || image ? { container: container(volumes, image) } : {}),
  };
}

function container(volumes: Message[] = [], image?: string): Message {
  const mesos = image ? { mesos: { image: { type: 'DOCKER', docker: { name: image } } } } : {};
  return { type: 'MESOS', volumes, ...mesos };
}

/** What Marathon makes of an `external` volume. */
export function dockerVolume(driver: string, name: string, path: string, mode: 'RW' | 'RO' = 'RW'): Message {
  return {
    container_path: path,
    mode,
    source: { type: 'DOCKER_VOLUME', docker_volume: { driver, name } },
  };
}

export function resources(offered: string[] = []): Message[] {
  return [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    { name: 'disk', type: 'SCALAR', scalar: { value: 8 } },
    ...(offered.length > 0 ? [{ name: 'ebsvolumes', type: 'SET', set: { item: offered } }] : []),
  ];
}

function pairs(from: Record<string, string>, key: string): Message[] {
  return Object.entries(from).map(([name, value]) => ({ [key]: name, value }));
}
