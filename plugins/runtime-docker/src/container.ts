import { constants } from 'node:os';
import type { JoinedNetwork, RuntimeSpec, RuntimeTask } from '@gantry/core/contracts';
import { invalidObject, type Logging, shortName } from '@gantry/core/model';
import type { ContainerCreateOptions, ContainerInspectInfo, MountSettings } from 'dockerode';

/** The cluster and node that own the containers. */
export interface Owner {
  readonly cluster: string;
  readonly node: string;
}

export const LABELS = Object.freeze({
  cluster: 'gantry.cluster',
  node: 'gantry.node',
  task: 'gantry.task',
  service: 'gantry.service',
  slot: 'gantry.slot',
  /** `name=engine-name` of each joined network, joined by commas. */
  networks: 'gantry.networks',
});

/** Longer names are shortened; the engine has no limit of its own, but other tools do. */
const MAX_NAME = 128;
/** Characters of the output of a health check that are kept. */
const MAX_HEALTH_MESSAGE = 1000;

/** 126 and 127 come from the init process, which starts before it finds out that the command cannot run. */
const EXIT_REASONS: Readonly<Record<number, string>> = Object.freeze({
  126: 'its command cannot be run (exit code 126)',
  127: 'its command was not found (exit code 127)',
  137: 'SIGKILL',
});

export function containerName(cluster: string, task: string): string {
  return shortName(`gantry-${cluster}-${task}`.replace(/[^a-zA-Z0-9_.-]/g, '-'), MAX_NAME);
}

/** Engine options for the container of a task; `network` is joined by a task without networks. */
export function createOptions(
  { task, service, slot, template, attachment }: RuntimeSpec,
  { cluster, node }: Owner,
  network: string,
): ContainerCreateOptions {
  if (template.image === undefined) {
    throw invalidObject(`runtime-docker: "${task}"`, [
      { path: 'template.image', message: 'expected an image: containers cannot do without' },
    ]);
  }
  const { limits } = template.resources;
  const [first] = attachment.networks;
  const ports = attachment.publish.map(({ target, protocol, port }) => {
    return [`${target}/${protocol}`, [{ HostPort: String(port) }]] as const;
  });
  return {
    name: containerName(cluster, task),
    Image: template.image,
    ...(template.command.length > 0 ? { Entrypoint: [...template.command] } : {}),
    ...(template.args.length > 0 ? { Cmd: [...template.args] } : {}),
    Env: Object.entries({ ...template.env, ...attachment.env }).map(([name, value]) => `${name}=${value}`),
    ...(template.workingDir === undefined ? {} : { WorkingDir: template.workingDir }),
    ...(template.user === undefined ? {} : { User: template.user }),
    Labels: {
      ...template.labels,
      [LABELS.cluster]: cluster,
      [LABELS.node]: node,
      [LABELS.task]: task,
      [LABELS.service]: service,
      [LABELS.slot]: slot,
      [LABELS.networks]: attachment.networks.map(({ name, engineName }) => `${name}=${engineName}`).join(','),
    },
    ...(template.stopSignal === undefined ? {} : { StopSignal: template.stopSignal }),
    ...healthCheckOf(template),
    ExposedPorts: Object.fromEntries(ports.map(([port]) => [port, {}])),
    HostConfig: {
      Init: template.init === true,
      ...(template.logging === undefined ? {} : { LogConfig: logConfigOf(template.logging) }),
      NetworkMode: first?.engineName ?? network,
      PortBindings: Object.fromEntries(ports.map(([port, bindings]) => [port, [...bindings]])),
      Mounts: template.mounts.map(mountOf),
      ...(limits.cpu === undefined ? {} : { NanoCpus: limits.cpu * 1_000_000 }),
      ...(limits.memory === undefined ? {} : { Memory: limits.memory, MemorySwap: limits.memory }),
      ...(limits.pids === undefined ? {} : { PidsLimit: limits.pids }),
    },
    ...(first === undefined
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [first.engineName]: endpointOf(first) } } }),
  };
}

/**
 * The image's HEALTHCHECK is left to the engine, changed or turned off: beside checks of the template it would run
 * twice.
 */
function healthCheckOf({
  healthChecks,
}: RuntimeSpec['template']): Pick<ContainerCreateOptions, 'Healthcheck'> {
  const { startup, readiness, liveness, image } = healthChecks;
  const isOwn = startup === undefined && readiness === undefined && liveness === undefined;
  if (image === false || !isOwn) return { Healthcheck: { Test: ['NONE'] } };
  if (image === true) return {};
  const nanoseconds = (ms: number | undefined): number => (ms ?? 0) * 1_000_000;
  // To the engine, an empty test and 0 mean the image's value.
  return {
    Healthcheck: {
      Test: [],
      Interval: nanoseconds(image.intervalMs),
      Timeout: nanoseconds(image.timeoutMs),
      StartPeriod: nanoseconds(image.startPeriodMs),
      Retries: image.retries ?? 0,
    },
  };
}

function logConfigOf({ driver = '', options }: Logging): { Type: string; Config: Record<string, string> } {
  return { Type: driver, Config: { ...options } };
}

export function endpointOf({ aliases }: JoinedNetwork): { Aliases: string[] } {
  return { Aliases: [...aliases] };
}

/** The known state of a container. */
export interface Known {
  readonly id: string;
  readonly node: string | undefined;
  readonly stopSignal: string;
  readonly status: RuntimeTask;
}

export function knownOf(info: ContainerInspectInfo): Known {
  const labels = info.Config.Labels;
  const { State: state } = info;
  const ended = !state.Running && state.Status !== 'created';
  const exitCode = state.ExitCode;
  return {
    id: info.Id,
    node: labels[LABELS.node],
    stopSignal: (info.Config as { StopSignal?: string }).StopSignal || 'SIGTERM',
    status: {
      task: labels[LABELS.task] ?? '',
      state: ended ? 'exited' : state.Running ? 'running' : 'created',
      id: info.Id,
      ...(state.Running ? { pid: state.Pid } : {}),
      ...(isTime(state.StartedAt) ? { startedAt: Date.parse(state.StartedAt) } : {}),
      ...(ended ? { exitCode, finishedAt: Date.parse(state.FinishedAt) } : {}),
      ...(ended ? endOf(exitCode, state.OOMKilled, state.Error) : {}),
      ...(state.Running ? { addresses: addressesOf(info) } : {}),
      ...(state.Running && state.Paused ? { paused: true } : {}),
      ...(state.Running ? healthOf(state.Health) : {}),
    },
  };
}

/** Why the container ended, if more is known than its exit code. */
export function endOf(
  exitCode: number,
  outOfMemory: boolean,
  error = '',
): Pick<RuntimeTask, 'reason' | 'signal' | 'oomKilled'> {
  const signal = signalOf(exitCode);
  if (outOfMemory) return { reason: 'out of memory', oomKilled: true, ...(signal && { signal }) };
  const reason = error !== '' ? error : EXIT_REASONS[exitCode];
  return { ...(reason && { reason }), ...(signal && { signal }) };
}

/** The engine reports an end by signal n as exit code 128 + n, as shells do. */
function signalOf(exitCode: number): string | undefined {
  if (exitCode <= 128) return undefined;
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
}

/** Health reported by the image's health check; `none` means no check. */
function healthOf(
  health: ContainerInspectInfo['State']['Health'],
): Pick<RuntimeTask, 'health' | 'healthMessage'> {
  const status = health?.Status;
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return {};
  const output = health?.Log?.at(-1)?.Output?.trim().slice(0, MAX_HEALTH_MESSAGE) ?? '';
  return { health: status, ...(output !== '' && { healthMessage: output }) };
}

/** Addresses by Gantry's names of the networks, in the order of the attachment. */
function addressesOf(info: ContainerInspectInfo): Readonly<Record<string, string>> {
  const pairs = (info.Config.Labels[LABELS.networks] ?? '').split(',').filter(Boolean);
  const names = new Map(pairs.map((pair) => pair.split('=').reverse() as [string, string]));
  const addresses = Object.entries(info.NetworkSettings.Networks).flatMap(([engineName, network]) => {
    const address = network?.IPAddress;
    return address ? [[names.get(engineName) ?? engineName, address] as const] : [];
  });
  const order = [...names.values()];
  addresses.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return Object.fromEntries(addresses);
}

/** The engine represents "never" by the year 1. */
function isTime(text: string | undefined): text is string {
  return text !== undefined && !text.startsWith('0001-');
}

function mountOf(mount: RuntimeSpec['template']['mounts'][number]): MountSettings {
  if (mount.type === 'tmpfs') {
    const options = mount.size === undefined ? {} : { TmpfsOptions: { SizeBytes: mount.size } };
    return { Type: 'tmpfs', Source: '', Target: mount.target, ...options } as MountSettings;
  }
  const { source: Source, target: Target, readOnly: ReadOnly, propagation: Propagation } = mount;
  return {
    Type: 'bind',
    Source,
    Target,
    ReadOnly,
    ...(Propagation === undefined ? {} : { BindOptions: { Propagation } }),
  };
}
