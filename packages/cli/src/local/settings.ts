import { join, resolve } from 'node:path';
import type { Plugin } from '@gantry/core';
import type { NodeOptions } from '@gantry/host';
import type { GantryConfig, RuntimeName } from '../config/define-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { composePlugins, resolvePlugins } from '../config/resolve-plugins.ts';
import { statePath } from '../context/paths.ts';
import { usage } from '../output/problem.ts';
import { chooseRuntime } from '../parts/choose-runtime.ts';
import { checkTaskUser } from '../parts/task-user.ts';
import { runtimePath } from './state.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Options from the command line, which override the configuration. */
export interface LocalOptions {
  readonly name?: string | undefined;
  readonly nodes?: number | undefined;
  readonly runtime?: RuntimeName | undefined;
  readonly config?: string | undefined;
  readonly port?: number | undefined;
  /** Directory of the state (default: as configured, otherwise in memory). */
  readonly data?: string | undefined;
  /** User of process tasks whose template names none, as `user` or `user:group`. */
  readonly taskUser?: string | undefined;
  /** Tasks keep running when the cluster stops. */
  readonly leaveTasks?: boolean | undefined;
  readonly logLevel?: GantryConfig['logLevel'];
}

/** Complete settings of a local cluster. */
export interface LocalSettings {
  readonly name: string;
  readonly nodes: number | readonly NodeOptions[];
  readonly runtime: RuntimeName | 'none';
  /** Why this runtime was chosen, unless the user selected it. */
  readonly chosen?: string | undefined;
  /**
   * Loads its plugins. This takes most of the time of a start, so only the process that runs the cluster calls it.
   * Given plugins replace those of the preset, but not those of the configuration.
   */
  plugins(given?: readonly Plugin[]): Promise<readonly Plugin[]>;
  /** The plugins from the configuration, which `plugins` includes. */
  readonly own: readonly Plugin[];
  readonly logLevel: NonNullable<GantryConfig['logLevel']>;
  /** File in which its load balancer stores its frontends for the next process. */
  readonly frontendsFile: string;
  readonly api: NonNullable<GantryConfig['api']>;
  readonly config?: string | undefined;
  /** Token of an administrator, if given; otherwise the cluster creates one. */
  readonly adminToken?: string | undefined;
  /** Directory for the certificate of its API. */
  readonly certificates: string;
  /** Directory of its state; absent if the state is in memory. */
  readonly data?: string | undefined;
  /** Tasks keep running when the cluster stops, and the data that the next process needs to adopt them is kept. */
  readonly leavesTasks: boolean;
}

async function lmdbIn(path: string): Promise<Plugin> {
  return (await import('@gantry/store-lmdb')).lmdbStore({ path });
}

/** Merges command line, configuration and defaults. */
export async function localSettings(env: Env, cwd: string, options: LocalOptions): Promise<LocalSettings> {
  const { config, file, load } = await loadConfig(cwd, options.config);
  const name = options.name ?? config.name ?? 'gantry';
  const wanted = options.runtime ?? config.runtime;
  const { runtime, chosen } =
    wanted === undefined ? await chooseRuntime(env) : { runtime: wanted, chosen: undefined };
  const own = await resolvePlugins(config.plugins ?? [], load);
  const given = options.data ?? config.data;
  const data = given === undefined ? undefined : resolve(cwd, given);
  const logLevel = options.logLevel ?? config.logLevel ?? 'warn';
  const taskUser = options.taskUser ?? config.taskUser;
  checkTaskUser(taskUser, runtime);
  const leavesTasks = options.leaveTasks === true;
  if (leavesTasks && data === undefined)
    throw usage(
      '--leave-tasks needs --data: without a stored state the next start cannot adopt the tasks',
      'gantry up --data DIRECTORY --leave-tasks',
    );
  const frontendsFile = join(statePath(env, name), 'frontends.json');
  return {
    name,
    nodes: options.nodes ?? config.nodes ?? 1,
    runtime,
    chosen,
    plugins: async (given = []) => {
      const preset = await presetOf(runtime, {
        logLevel,
        onClose: leavesTasks ? 'leave' : 'stop',
        dir: runtimePath(env, name),
        frontendsFile,
        taskUser,
      });
      const store = data === undefined ? [] : [await lmdbIn(data)];
      return composePlugins(composePlugins(preset, [...store, ...given]), own);
    },
    own,
    logLevel,
    frontendsFile,
    data,
    leavesTasks,
    ...(env.GANTRY_ADMIN_TOKEN && { adminToken: env.GANTRY_ADMIN_TOKEN }),
    certificates: data ?? statePath(env, name),
    api: { ...config.api, ...(options.port === undefined ? {} : { port: options.port }) },
    config: file,
  };
}

interface PresetOptions {
  readonly logLevel: NonNullable<GantryConfig['logLevel']>;
  readonly onClose: 'stop' | 'leave';
  readonly dir: string;
  readonly frontendsFile: string;
  readonly taskUser: string | undefined;
}

async function presetOf(
  runtime: RuntimeName | 'none',
  { dir, taskUser, frontendsFile, ...options }: PresetOptions,
): Promise<readonly Plugin[]> {
  switch (runtime) {
    case 'process':
      return (await import('@gantry/presets/process')).processCluster({
        ...options,
        frontendsFile,
        runtime: { dir, ...(taskUser !== undefined && { taskUser }) },
      });
    case 'docker':
      return (await import('@gantry/presets/docker')).dockerCluster({ ...options, frontendsFile });
    case 'fake':
      return (await import('@gantry/presets/fake')).fakeCluster(options);
    case 'none':
      return [];
  }
}
