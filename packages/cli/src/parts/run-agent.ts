import { join, resolve } from 'node:path';
import type { Plugin } from '@gantry/core';
import type { GantryConfig, RuntimeName } from '../config/define-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { composePlugins, resolvePlugins } from '../config/resolve-plugins.ts';
import { statePath } from '../context/paths.ts';
import type { Cx } from '../session.ts';
import { chooseRuntime } from './choose-runtime.ts';
import { openKeptPorts } from './kept-ports.ts';
import { type NatsOptions, natsBusPart } from './nats-parts.ts';
import { checkTaskUser } from './task-user.ts';
import { untilAborted } from './until-aborted.ts';

export interface AgentSettings extends NatsOptions {
  readonly name?: string | undefined;
  readonly node: string;
  readonly runtime?: RuntimeName | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly taskAddress?: string | undefined;
  readonly address?: string | undefined;
  readonly data?: string | undefined;
  readonly taskUser?: string | undefined;
  readonly stopTasks?: boolean | undefined;
  readonly takeOver?: boolean | undefined;
  readonly config?: string | undefined;
  readonly logLevel?: GantryConfig['logLevel'];
}

/** Waits indefinitely for the control plane: a host may start before its servers. */
const START_TIMEOUT_MS = 2 ** 31 - 1;

/** Runs the agent of this host until the signal fires. */
export async function runAgent(cx: Cx, settings: AgentSettings): Promise<void> {
  const { env, cwd } = cx.io;
  cx.io.keepRunning?.();
  const { config, load } = await loadConfig(cwd, settings.config);
  const name = settings.name ?? config.name ?? 'gantry';
  const wanted = settings.runtime ?? config.runtime;
  const { runtime, chosen } =
    wanted === undefined ? await chooseRuntime(env) : { runtime: wanted, chosen: undefined };
  if (chosen !== undefined) cx.note(`Runtime ${runtime}: ${chosen}.`);
  const taskUser = settings.taskUser ?? config.taskUser;
  checkTaskUser(taskUser, runtime);
  const own = (await resolvePlugins(config.plugins ?? [], load)).filter(
    ({ provides }) => provides.scope === 'machine' || provides.scope === 'node',
  );
  const dir =
    settings.data === undefined
      ? join(statePath(env, name), 'nodes', settings.node)
      : resolve(cwd, settings.data);
  const logLevel = settings.logLevel ?? config.logLevel ?? 'info';
  const { address } = settings;
  await using ports = await openKeptPorts(await cx.io.system(), {
    file: frontendsFileIn(dir),
    address,
    logLevel,
    own,
  });
  const { joinCluster } = await import('@gantry/host');
  const bus = await natsBusPart(env, settings, `gantry-agent-${settings.node}`);
  const preset = await presetOf(runtime, {
    bus,
    dir,
    logLevel,
    onClose: settings.stopTasks === true ? 'stop' : 'leave',
    takeOver: settings.takeOver === true,
    ...(taskUser !== undefined && { taskUser }),
    ...(address !== undefined && { address }),
  });
  cx.note(`Agent of node ${settings.node}: looking for the control plane of cluster ${name} …`);
  const cluster = await joinCluster(composePlugins(composePlugins(preset, ports.plugins), own), {
    name,
    // An agent is alone on its machine, as far as the cluster can tell.
    machine: {
      name: settings.node,
      addresses: settings.taskAddress === undefined ? [] : [settings.taskAddress],
    },
    nodes: [{ name: settings.node, labels: { ...settings.labels } }],
    startTimeoutMs: START_TIMEOUT_MS,
    signal: cx.signal,
  });
  try {
    cx.io.tellParent?.({ type: 'ready', server: '', nodes: [settings.node] });
    cx.print(`node ${settings.node} of cluster ${name} (${runtime}); Ctrl-C ends its agent`);
    await untilAborted(cx.signal);
  } finally {
    cx.note(
      settings.stopTasks === true
        ? `Ending the agent of node ${settings.node}: its tasks are stopped …`
        : `Ending the agent of node ${settings.node}; its tasks run on.`,
    );
    await cluster[Symbol.asyncDispose]();
  }
}

const frontendsFileIn = (dir: string): string => join(dir, 'frontends.json');

interface PresetOptions {
  readonly bus: Plugin;
  readonly dir: string;
  readonly logLevel: NonNullable<GantryConfig['logLevel']>;
  readonly onClose: 'stop' | 'leave';
  readonly takeOver: boolean;
  readonly taskUser?: string;
  readonly address?: string;
}

async function presetOf(
  runtime: RuntimeName | 'none',
  { dir, taskUser, ...options }: PresetOptions,
): Promise<readonly Plugin[]> {
  const frontendsFile = frontendsFileIn(dir);
  switch (runtime) {
    case 'process':
      return (await import('@gantry/presets/process')).processNode({
        ...options,
        frontendsFile,
        runtime: { dir, ...(taskUser !== undefined && { taskUser }) },
      });
    case 'docker':
      return (await import('@gantry/presets/docker')).dockerNode({ ...options, frontendsFile });
    case 'fake':
      return (await import('@gantry/presets/fake')).fakeNode(options);
    case 'none':
      return (await import('@gantry/presets')).node(options);
  }
}
