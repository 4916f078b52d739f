import {
  type Clock,
  contracts,
  definePlugin,
  type EnsureOptions,
  type ExecOptions,
  type ExecSession,
  GantryError,
  type Lifecycle,
  type Logger,
  type Runtime,
  type RuntimeInfo,
  type RuntimeLogLine,
  type RuntimeLogOptions,
  type RuntimeSpec,
  type RuntimeStats,
  type RuntimeSupport,
  type RuntimeTask,
  throwIfAborted,
} from '@gantry/core';
import type { ContainerInfo } from 'dockerode';
import { z } from 'zod';
import { containerName, type Known, knownOf, LABELS, type Owner, reasonOf } from './container.ts';
import { Engine, engineError, statusOf } from './engine.ts';
import { type EngineEvent, EventStream } from './event-stream.ts';
import { exec } from './exec.ts';
import { Feed } from './feed.ts';
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
  /** Engine network of tasks without any. */
  readonly network: string;
  readonly resyncMs: number;
  /** Limits how many containers are started at a time, over all nodes of this engine. */
  readonly starts: Gate;
}

/** Somebody waits for a start, nobody for an end: stops and removals let starts pass for so long. */
const STARTS_FIRST_MS = 2000;
/** Starts that follow each other this closely belong together. */
const QUIET_MS = 100;

/** Runs tasks as containers of a Docker engine; what belongs to us says so in its labels. */
export class DockerRuntime implements Runtime, Lifecycle {
  readonly #setup: DockerRuntimeSetup;
  readonly #engine: Engine;
  readonly #launcher: Launcher;
  readonly #feed = new Feed<RuntimeTask>();
  readonly #closing = new AbortController();
  /** By task, as last heard of. The engine knows better; events and lists keep this close to it. */
  readonly #known = new Map<string, Known>();
  readonly #starting = new UnderWay();
  readonly #outOfMemory = new Set<string>();
  #limits = { cpu: true, memory: true, pids: true };
  #following: Promise<void> | undefined;

  constructor(setup: DockerRuntimeSetup) {
    this.#setup = setup;
    this.#engine = new Engine(setup);
    this.#launcher = new Launcher({ ...setup, engine: this.#engine, images: new Images(this.#engine) });
  }

  get supports(): RuntimeSupport {
    return {
      exec: true,
      logs: true,
      stats: true,
      images: true,
      limits: this.#limits,
      mounts: ['bind', 'tmpfs'],
      user: true,
      init: true,
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
      version: String(info.ServerVersion),
      capacity: { cpu: Number(info.NCPU) * 1000, memory: Number(info.MemTotal) },
      attributes: {
        os: String(info.OSType),
        arch: String(info.Architecture),
        hostname: String(info.Name),
        kernel: String(info.KernelVersion),
      },
    };
  }

  async ensure(spec: RuntimeSpec, { signal }: EnsureOptions = {}): Promise<RuntimeTask> {
    this.#enter();
    throwIfAborted(signal);
    const { task } = spec;
    return await this.#starting.start(task, signal, (either) => this.#ensure(spec, either));
  }

  async stop(task: string, options: { graceMs: number; signal?: string | undefined }): Promise<void> {
    this.#enter();
    await this.#starting.giveUp(task);
    const known = this.#known.get(task) ?? (await this.#inspect(task));
    if (known === undefined || known.status.state === 'exited') return;
    const { graceMs } = options;
    await this.#setup.starts.lull(this.#setup.clock, QUIET_MS, STARTS_FIRST_MS);
    if (this.#known.get(task)?.status.state === 'exited') return; // meanwhile, by itself
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
    const name = this.#name(task);
    const { streams } = this.#engine;
    await this.#setup.starts.lull(this.#setup.clock, QUIET_MS, STARTS_FIRST_MS);
    try {
      await streams.getContainer(name).remove({ force: true, v: true });
    } catch (error) {
      if (statusOf(error) === 409) await this.#removed(task);
      else if (statusOf(error) !== 404) throw engineError(error, `remove of "${task}"`);
    }
    this.#known.delete(task);
  }

  async list(): Promise<readonly RuntimeTask[]> {
    this.#enter();
    return await this.#sync();
  }

  events(signal: AbortSignal): AsyncIterable<readonly RuntimeTask[]> {
    this.#enter();
    this.#follow();
    return this.#feed.read(signal);
  }

  async exec(task: string, options: ExecOptions): Promise<ExecSession> {
    this.#enter();
    return await exec(this.#engine, this.#name(task), options, this.#closing.signal);
  }

  logs(task: string, options: RuntimeLogOptions = {}): AsyncIterable<readonly RuntimeLogLine[]> {
    this.#enter();
    return readLogs(this.#engine, this.#name(task), options, this.#closing.signal);
  }

  async stats(task: string): Promise<RuntimeStats> {
    this.#enter();
    const container = this.#engine.calls.getContainer(this.#name(task));
    const stats = await this.#call(`stats of "${task}"`, () => {
      return container.stats({ stream: false, 'one-shot': true });
    });
    const { usage = 0, stats: details } = stats.memory_stats;
    // Caches that the kernel would give back at once are not in use.
    const cache = details?.total_inactive_file ?? details?.inactive_file ?? 0;
    return { cpuMs: stats.cpu_stats.cpu_usage.total_usage / 1e6, memory: Math.max(0, usage - cache) };
  }

  /** What runs goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#feed.end();
    await this.#following;
    this.#engine.close();
  }

  async #ensure(spec: RuntimeSpec, signal: AbortSignal): Promise<RuntimeTask> {
    const { task } = spec;
    if (this.#known.has(task)) {
      const known = await this.#inspect(task);
      if (known !== undefined && known.status.state !== 'created') return known.status;
    }
    await this.#launcher.launch(spec, signal);
    const known = await this.#inspect(task);
    if (known !== undefined) return known.status;
    throwIfAborted(signal);
    throw new GantryError('CONFLICT', `docker: "${task}" was removed while it started`);
  }

  /** Asks the engine about one task, and tells what is new. */
  async #inspect(task: string): Promise<Known | undefined> {
    const container = this.#engine.calls.getContainer(this.#name(task));
    try {
      const known = knownOf(await container.inspect());
      this.#learn(task, known);
      return known;
    } catch (error) {
      if (statusOf(error) !== 404) throw engineError(error, `inspect of "${task}"`);
      this.#known.delete(task);
      return undefined;
    }
  }

  #learn(task: string, known: Known): void {
    const before = this.#known.get(task);
    // What was inspected before it ended may arrive after the event of its end.
    if (before?.id === known.id && before.status.state === 'exited' && known.status.state !== 'exited') {
      if (known.status.startedAt === before.status.startedAt) return;
    }
    this.#known.set(task, known);
    if (before?.id !== known.id || before.status.state !== known.status.state) this.#feed.push(known.status);
  }

  #end(known: Known, exitCode: number, finishedAt: number): void {
    if (this.#known.get(known.status.task)?.status.state === 'exited') return;
    const { task, id, startedAt } = known.status;
    const why = reasonOf(exitCode, this.#outOfMemory.has(id));
    const status = { task, state: 'exited' as const, id, startedAt, finishedAt, exitCode, ...why };
    this.#learn(task, { ...known, status });
  }

  async #ended(known: Known): Promise<void> {
    try {
      const answer = await this.#engine.post(`/containers/${known.id}/wait`, { condition: 'not-running' });
      const { StatusCode } = answer as { StatusCode: number };
      this.#end(known, StatusCode, this.#setup.clock.now());
    } catch (error) {
      if (statusOf(error) !== 404) throw engineError(error, `wait for "${known.status.task}"`);
    }
  }

  /** Says whether there was something to signal. */
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

  /** Another call is removing it. */
  async #removed(task: string): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if ((await this.#inspect(task)) === undefined) return;
      await this.#setup.clock.sleep(50, this.#closing.signal);
    }
    throw new GantryError('TIMEOUT', `docker: "${task}" is still being removed`);
  }

  /** Compares what we know with what the engine has. */
  async #sync(): Promise<readonly RuntimeTask[]> {
    const before = new Map(this.#known);
    const { cluster, node } = this.#setup.owner;
    const filters = { label: [`${LABELS.cluster}=${cluster}`, `${LABELS.node}=${node}`] };
    const listed = await this.#call('list', () => this.#engine.calls.listContainers({ all: true, filters }));
    const there = await Promise.all(listed.map((one) => this.#compare(one)));
    const names = new Set(listed.map(({ Labels }) => Labels[LABELS.task]));
    for (const [task, known] of before) {
      if (names.has(task) || this.#known.get(task) !== known) continue;
      if (known.status.state !== 'exited') {
        const { id, startedAt } = known.status;
        const finishedAt = this.#setup.clock.now();
        this.#feed.push({
          task,
          state: 'exited',
          id,
          startedAt,
          finishedAt,
          reason: 'its container is gone',
        });
      }
      this.#known.delete(task);
    }
    return there.filter((status) => status !== undefined);
  }

  async #compare({ Id: id, Labels: labels, State: state }: ContainerInfo): Promise<RuntimeTask | undefined> {
    const task = labels[LABELS.task] ?? '';
    const known = this.#known.get(task);
    const now =
      state === 'running' || state === 'paused' ? 'running' : state === 'created' ? 'created' : 'exited';
    if (known?.id === id && (known.status.state === now || known.status.state === 'exited')) {
      return known.status;
    }
    if (now === 'created') return { task, state: 'created', id };
    await this.#inspect(task);
    return this.#known.get(task)?.status;
  }

  #follow(): void {
    const { owner, ...rest } = this.#setup;
    this.#following ??= new EventStream(
      {
        ...rest,
        engine: this.#engine,
        labels: [`${LABELS.cluster}=${owner.cluster}`, `${LABELS.node}=${owner.node}`],
        onEvent: (event) => this.#onEvent(event),
        onGap: async () => void (await this.#sync()),
      },
      this.#closing.signal,
    ).run();
  }

  #onEvent({ id, action, attributes, time }: EngineEvent): void {
    const task = attributes[LABELS.task] ?? '';
    const known = this.#known.get(task);
    if (action === 'oom') this.#outOfMemory.add(id);
    if (action === 'destroy') {
      this.#outOfMemory.delete(id);
      if (known?.id === id) this.#known.delete(task);
    }
    if (action === 'die') {
      const status = known?.id === id ? known.status : { task, state: 'running' as const, id };
      this.#end(
        { id, node: this.#setup.owner.node, stopSignal: 'SIGTERM', status },
        Number(attributes.exitCode),
        time,
      );
    }
    // Who starts it here looks at it anyway.
    if (action === 'start' && !this.#starting.has(task)) void this.#inspect(task).catch(() => undefined);
  }

  #name(task: string): string {
    return containerName(this.#setup.owner.cluster, task);
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
      /** Without it DOCKER_HOST, or else the usual socket. */
      socketPath: z.string().startsWith('/', 'expected an absolute path').optional(),
      /** For calls that should answer soon. */
      timeoutMs: z.int().min(1000).default(120_000),
      /** Engine network of tasks that the network plugin joins to none. */
      network: z.string().min(1).default('bridge'),
      /** How many containers are started at a time. */
      concurrency: z.int().min(1).max(64).default(8),
      /** How often the engine's list is compared with what its events told. */
      resyncMs: z.int().min(1000).default(30_000),
    })
    // All nodes of an embedded cluster share the engine, hence the gate.
    .transform(({ concurrency, ...options }) => ({ ...options, starts: new Gate(concurrency) })),
  create: (options, { cluster, node, clock, logger }) =>
    new DockerRuntime({ ...options, owner: { cluster: cluster.name, node: node.name }, clock, logger }),
});
