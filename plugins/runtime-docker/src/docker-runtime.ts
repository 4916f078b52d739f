import {
  type Clock,
  contracts,
  definePlugin,
  GantryError,
  type Lifecycle,
  type Logger,
  type Runtime,
  throwIfAborted,
  unlessAborted,
} from '@gantry/core';
import type { ExecOptions, ExecSession } from '@gantry/core/api';
import type {
  EnsureOptions,
  RuntimeInfo,
  RuntimeLogLine,
  RuntimeLogOptions,
  RuntimeSpec,
  RuntimeStats,
  RuntimeSupport,
  RuntimeTask,
} from '@gantry/core/contracts';
import { z } from 'zod';
import type { Known, Owner } from './container.ts';
import { LABELS } from './container.ts';
import { Containers } from './containers.ts';
import { Engine } from './engine.ts';
import { EventStream } from './event-stream.ts';
import { exec } from './exec.ts';
import { engineError, statusOf } from './failure.ts';
import { Gate } from './gate.ts';
import { Images } from './images.ts';
import { Launcher } from './launcher.ts';
import { readLogs } from './read-logs.ts';
import { UnderWay } from './under-way.ts';

export interface DockerRuntimeSetup {
  readonly owner: Owner;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly socketPath?: string | undefined;
  readonly timeoutMs: number;
  /** Engine network of tasks that join none. */
  readonly network: string;
  readonly resyncMs: number;
  /** Limits how many containers are started at a time, over all nodes of this engine. */
  readonly starts: Gate;
}

/** Maximum time that stops and removals yield to starts, in ms: users wait for a start, but not for an end. */
const STARTS_FIRST_MS = 2000;
/** Starts that follow each other this closely, in ms, belong together. */
const QUIET_MS = 100;

/** Runs tasks as containers of a Docker engine; containers are recognized as managed by their labels. */
export class DockerRuntime implements Runtime, Lifecycle {
  readonly #setup: DockerRuntimeSetup;
  readonly #engine: Engine;
  readonly #launcher: Launcher;
  readonly #containers: Containers;
  readonly #closing = new AbortController();
  readonly #starting = new UnderWay();
  #execs = 0;
  #limits = { cpu: true, memory: true, pids: true };
  #following: Promise<void> | undefined;

  /** Creates the runtime; it connects to the engine in `start`. */
  constructor(setup: DockerRuntimeSetup) {
    this.#setup = setup;
    this.#engine = new Engine(setup);
    const engine = this.#engine;
    this.#launcher = new Launcher({ ...setup, engine, images: new Images(engine, setup.clock) });
    const isStarting = (task: string): boolean => this.#starting.has(task);
    this.#containers = new Containers({ ...setup, engine, isStarting });
  }

  get supports(): RuntimeSupport {
    return {
      exec: true,
      execUser: true,
      execWorkingDir: true,
      logs: true,
      stats: true,
      images: true,
      limits: this.#limits,
      mounts: ['bind', 'tmpfs'],
      user: true,
      init: true,
      logging: true,
    };
  }

  async start(): Promise<void> {
    await this.info();
    this.#follow();
  }

  async info(): Promise<RuntimeInfo> {
    this.#enter();
    const info = await this.#call('info', () => this.#engine.calls.info());
    this.#limits = {
      cpu: info.CpuCfsQuota === true,
      memory: info.MemoryLimit === true,
      pids: info.PidsLimit === true,
    };
    return {
      name: 'docker',
      ...(info.ID !== undefined && { id: String(info.ID) }),
      version: String(info.ServerVersion),
      capacity: { cpu: Number(info.NCPU) * 1000, memory: Number(info.MemTotal) },
      attributes: {
        os: String(info.OSType),
        arch: String(info.Architecture),
        hostname: String(info.Name),
        kernel: String(info.KernelVersion),
        'engine.version': String(info.ServerVersion),
        ...labelsOf(info.Labels),
      },
    };
  }

  async ensure(spec: RuntimeSpec, options: EnsureOptions = {}): Promise<RuntimeTask> {
    this.#enter();
    throwIfAborted(options.signal);
    return await this.#starting.start(spec.task, options, async (signal, onProgress) => {
      await unlessAborted(this.#containers.ready(), signal);
      return await this.#ensure(spec, signal, onProgress);
    });
  }

  async prepare(spec: Pick<RuntimeSpec, 'task' | 'template'>, options: EnsureOptions = {}): Promise<void> {
    this.#enter();
    throwIfAborted(options.signal);
    const { signal = this.#closing.signal, onProgress = () => undefined } = options;
    const both = AbortSignal.any([signal, this.#closing.signal]);
    await this.#launcher.prepare(spec, { signal: both, onProgress });
  }

  async stop(task: string, options: { graceMs: number; signal?: string | undefined }): Promise<void> {
    this.#enter();
    await this.#starting.giveUp(task);
    const known = this.#containers.get(task) ?? (await this.#containers.inspect(task));
    if (known === undefined || known.status.state === 'exited') return;
    const { graceMs } = options;
    await this.#setup.starts.lull(this.#setup.clock, QUIET_MS, STARTS_FIRST_MS);
    if (this.#containers.get(task)?.status.state === 'exited') return; // on its own, in the meantime
    const ended = this.#ended(known);
    ended.catch(() => {});
    if (graceMs > 0 && (await this.#kill(known, options.signal ?? known.stopSignal))) {
      let cancel = (): void => {};
      const late = new Promise<'late'>((resolve) => {
        cancel = this.#setup.clock.after(graceMs, () => resolve('late'));
      });
      try {
        if ((await Promise.race([ended, late])) !== 'late') return;
      } finally {
        cancel();
      }
    }
    await this.#kill(known, 'SIGKILL');
    await ended;
  }

  async remove(task: string): Promise<void> {
    this.#enter();
    await this.#starting.giveUp(task);
    const { streams } = this.#engine;
    await this.#setup.starts.lull(this.#setup.clock, QUIET_MS, STARTS_FIRST_MS);
    const id = await this.#containers.idOf(task);
    if (id === undefined) return;
    try {
      await streams.getContainer(id).remove({ force: true, v: true });
    } catch (error) {
      if (statusOf(error) === 409) await this.#removed(task, id);
      else if (statusOf(error) !== 404) throw engineError(error, `remove of "${task}"`);
    }
    this.#containers.forget(task);
  }

  async list(): Promise<readonly RuntimeTask[]> {
    this.#enter();
    return await this.#containers.sync();
  }

  events(signal: AbortSignal): AsyncIterable<readonly RuntimeTask[]> {
    this.#enter();
    this.#follow();
    return this.#containers.feed.read(signal);
  }

  async exec(task: string, options: ExecOptions): Promise<ExecSession> {
    this.#enter();
    const container = await this.#containers.requireId(task);
    const marker = `${container.slice(0, 12)}.${this.#setup.clock.now()}.${++this.#execs}`;
    const setup = { engine: this.#engine, container, task, marker, closing: this.#closing.signal };
    return await exec(setup, options);
  }

  logs(task: string, options: RuntimeLogOptions = {}): AsyncIterable<readonly RuntimeLogLine[]> {
    this.#enter();
    return this.#logs(task, options);
  }

  async stats(task: string): Promise<RuntimeStats> {
    this.#enter();
    const container = this.#engine.calls.getContainer(await this.#containers.requireId(task));
    const stats = await this.#call(`stats of "${task}"`, () => {
      return container.stats({ stream: false, 'one-shot': true });
    });
    const { usage = 0, stats: details } = stats.memory_stats;
    // Caches that the kernel would free immediately are not in use.
    const cache = details?.total_inactive_file ?? details?.inactive_file ?? 0;
    return { cpuMs: stats.cpu_stats.cpu_usage.total_usage / 1e6, memory: Math.max(0, usage - cache) };
  }

  /** Running tasks keep running. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#containers.feed.end();
    await this.#following;
    this.#engine.close();
  }

  async #ensure(
    spec: RuntimeSpec,
    signal: AbortSignal,
    onProgress: NonNullable<EnsureOptions['onProgress']>,
  ): Promise<RuntimeTask> {
    const { task } = spec;
    if (this.#containers.get(task) !== undefined) {
      const known = await this.#containers.inspect(task);
      if (known !== undefined && known.status.state !== 'created') return known.status;
    }
    const id = await this.#launcher.launch(spec, { signal, onProgress });
    const known = await this.#containers.inspect(task, id);
    if (known !== undefined) return known.status;
    throwIfAborted(signal);
    throw new GantryError('CONFLICT', `docker: container of "${task}" was removed while it started`);
  }

  async *#logs(task: string, options: RuntimeLogOptions): AsyncGenerator<readonly RuntimeLogLine[]> {
    const container = await this.#containers.requireId(task);
    yield* readLogs(this.#engine, container, options, this.#closing.signal);
  }

  async #ended(known: Known): Promise<void> {
    try {
      const answer = await this.#engine.post(`/containers/${known.id}/wait`, { condition: 'not-running' });
      const { StatusCode } = answer as { StatusCode: number };
      await this.#containers.end(known, StatusCode, this.#setup.clock.now());
    } catch (error) {
      if (statusOf(error) !== 404) throw engineError(error, `wait for "${known.status.task}"`);
    }
  }

  /** Sends a signal; returns whether there was a process to signal. */
  async #kill(known: Known, signal: string): Promise<boolean> {
    try {
      await this.#engine.streams.getContainer(known.id).kill({ signal });
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 404 || status === 409) return false;
      throw engineError(error, `kill of "${known.status.task}"`);
    }
  }

  /** Waits until another call has removed it. */
  async #removed(task: string, id: string): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if ((await this.#containers.inspect(task, id)) === undefined) return;
      await this.#setup.clock.sleep(50, this.#closing.signal);
    }
    throw new GantryError('TIMEOUT', `docker: "${task}" is still being removed`);
  }

  #follow(): void {
    const { owner, ...rest } = this.#setup;
    this.#following ??= new EventStream(
      {
        ...rest,
        engine: this.#engine,
        labels: [`${LABELS.cluster}=${owner.cluster}`, `${LABELS.node}=${owner.node}`],
        onEvent: (event) => this.#containers.onEvent(event),
        onGap: async () => void (await this.#containers.sync()),
      },
      this.#closing.signal,
    ).run();
  }

  async #call<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw engineError(error, what);
    }
  }

  #enter(): void {
    if (this.#closing.signal.aborted) {
      throw new GantryError('CLOSED', 'runtime-docker: the runtime is closed');
    }
  }
}

/** Labels of the engine, `key=value`, as node attributes: constraints read them as `engine.labels.key`. */
function labelsOf(labels: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(labels)) return {};
  const pairs = labels.map((label): [string, string] => {
    const [key = '', ...value] = String(label).split('=');
    return [`engine.labels.${key}`, value.join('=')];
  });
  return Object.fromEntries(pairs);
}

/** Plugin: containers of a Docker engine for `contracts.runtime`. */
export const dockerRuntime = definePlugin({
  name: 'runtime-docker',
  provides: contracts.runtime,
  needs: {
    cluster: contracts.cluster,
    node: contracts.node,
    clock: contracts.clock,
    logger: contracts.logger,
  },
  options: z
    .strictObject({
      /** Socket of the engine (default: `DOCKER_HOST`, or else the usual socket). */
      socketPath: z.string().startsWith('/', 'expected an absolute path').optional(),
      /** Timeout of calls that should answer soon. */
      timeoutMs: z.int().min(1000).default(120_000),
      /** Engine network of tasks that the network plugin joins to none. */
      network: z.string().min(1).default('bridge'),
      /** Maximum number of containers started concurrently. */
      concurrency: z.int().min(1).max(64).default(8),
      /** Interval at which the engine's list is compared with the state known from its events. */
      resyncMs: z.int().min(1000).default(30_000),
    })
    // All nodes of an embedded cluster share the engine, hence the shared gate.
    .transform(({ concurrency, ...options }) => ({ ...options, starts: new Gate(concurrency) })),
  create: (options, { cluster, node, clock, logger }) =>
    new DockerRuntime({ ...options, owner: { cluster: cluster.name, node: node.name }, clock, logger }),
});
