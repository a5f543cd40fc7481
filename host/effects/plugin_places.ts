/** Where programs that serve a Docker plugin make themselves known (https://docs.docker.com/engine/extend/plugin_api/#plugin-discovery). */
export interface PluginPlaces {
  /** The directory of sockets. */
  readonly sockets: string;
  /** Directories of `.spec` and `.json` files; the first that has one counts. */
  readonly specs: readonly string[];
}

/** Docker's own. */
export const DOCKER_PLACES: PluginPlaces = {
  sockets: '/run/docker/plugins',
  specs: ['/etc/docker/plugins', '/usr/lib/docker/plugins'],
};

/** A file that may tell of a plugin: `NAME.ending`, or `NAME/NAME.ending`. */
export interface PluginFile {
  readonly path: string;
  readonly ending: 'sock' | 'spec' | 'json';
}

/** The files that may tell of a plugin, in the order in which they count. */
export function filesOf(name: string, { sockets, specs }: PluginPlaces): PluginFile[] {
  const inside = (directory: string, ending: PluginFile['ending']): PluginFile[] => [
    { path: `${directory}/${name}.${ending}`, ending },
    { path: `${directory}/${name}/${name}.${ending}`, ending },
  ];
  return [
    ...inside(sockets, 'sock'),
    ...specs.flatMap((directory) => [...inside(directory, 'spec'), ...inside(directory, 'json')]),
  ];
}
