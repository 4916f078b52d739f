import { constants } from 'node:os';
import {
  contracts,
  definePlugin,
  GantryError,
  type NodeInfo,
  type Runtime,
  throwIfAborted,
} from '@gantry/core';
import type { ExecOptions, ExecSession, OutputChunk } from '@gantry/core/api';
import type {
  EnsureOptions,
  RuntimeInfo,
  RuntimeLogLine,
  RuntimeLogOptions,
  RuntimeSpec,
  RuntimeStats,
  RuntimeTask,
} from '@gantry/core/contracts';
import { invalidObject, type Resources } from '@gantry/core/model';
import { z } from 'zod';
import { FakeWorld } from './fake-world.ts';
import { lifeSchema } from './life.ts';
import type { Drive, FakeMachine, Workload } from './machine.ts';

export interface FakeRuntimeSetup extends Drive {
  readonly node: NodeInfo;
  readonly capacity: Resources;
  /** Keeps tasks running beyond this instance. */
  readonly world?: FakeWorld | undefined;
}

/** Runs nothing, and reports as a runtime does: tasks start, print, fail and end according to their staged life. */
export class FakeRuntime implements Runtime {
  readonly supports: Runtime['supports'] = {
    exec: true,
    execUser: true,
    execWorkingDir: true,
    logs: true,
    stats: true,
    images: true,
    commands: true,
    limits: { cpu: true, memory: true, pids: true },
    mounts: ['bind', 'tmpfs'],
    user: true,
    init: true,
    logging: true,
  } as const;
  readonly #setup: FakeRuntimeSetup;
  readonly #machine: FakeMachine;
  readonly #closing = new AbortController();

  /** Creates the runtime of one node of a fake world. */
  constructor(setup: FakeRuntimeSetup) {
    this.#setup = setup;
    this.#machine = (setup.world ?? new FakeWorld()).machine(setup.node.name);
  }

  async info(): Promise<RuntimeInfo> {
    this.#enter();
    const attributes = { os: 'linux', arch: 'amd64', hostname: this.#setup.node.name };
    return { name: 'fake', version: '1', capacity: this.#setup.capacity, attributes };
  }

  async ensure(spec: RuntimeSpec, options: EnsureOptions = {}): Promise<RuntimeTask> {
    this.#enter();
    throwIfAborted(options.signal);
    return this.#machine.ensure(spec, this.#setup, options);
  }

  async prepare(spec: Pick<RuntimeSpec, 'task' | 'template'>, options: EnsureOptions = {}): Promise<void> {
    this.#enter();
    return this.#machine.prepare(spec, this.#setup, options);
  }

  async stop(task: string, options: { graceMs: number; signal?: string | undefined }): Promise<void> {
    this.#enter();
    return this.#machine.stop(task, this.#setup, options.graceMs, options.signal);
  }

  async remove(task: string): Promise<void> {
    this.#enter();
    this.#machine.remove(task, this.#setup.clock);
  }

  async list(): Promise<readonly RuntimeTask[]> {
    this.#enter();
    return Array.from(this.#machine.workloads.values(), ({ status }) => status);
  }

  events(signal: AbortSignal): AsyncIterable<readonly RuntimeTask[]> {
    this.#enter();
    return this.#machine.feed.read(AbortSignal.any([signal, this.#closing.signal]));
  }

  /**
   * Prints its command; `exit N` exits with N; `env` prints the variables that the caller gives, `whoami` and `pwd` the
   * user and the directory (default: those of the template, or `root` and `/`); the user `missing` and the directory
   * `/missing` do not exist; `hang` ends only when it is terminated, and `hanging` succeeds while one of these runs.
   * Fails while the life of the task is not ready, or sick.
   */
  async exec(task: string, options: ExecOptions): Promise<ExecSession> {
    const { command, stdin, signal } = options;
    throwIfAborted(signal);
    const { status, life, template } = this.#find(task);
    if (status.state !== 'running') {
      throw new GantryError('CONFLICT', `runtime-fake: "${task}" is not running`);
    }
    const says = answerOf(task, template, options);
    const age = this.#setup.clock.now() - (status.startedAt ?? 0);
    const well = age >= life.readyAfterMs && age < (life.sickAfterMs ?? Number.POSITIVE_INFINITY);
    const asked = command[0] === 'exit' ? Number(command[1] ?? 0) : 0;
    let exited = (_code: number): void => {};
    const exitCode = new Promise<number>((resolve) => {
      exited = resolve;
    });
    const hanging = this.#machine.hanging;
    const hangs = command[0] === 'hang' || life.execHangs;
    const asksForHanging = command[0] === 'hanging';
    async function* output(): AsyncGenerator<OutputChunk> {
      if (hangs) {
        hanging.add(task);
        await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
        hanging.delete(task);
        exited(128 + constants.signals.SIGKILL);
        return;
      }
      yield { stream: 'stdout', data: new TextEncoder().encode(`${says}\n`) };
      for await (const data of stdin ?? []) yield { stream: 'stdout', data };
      exited(asksForHanging ? Number(!hanging.has(task)) : well ? asked : 1);
    }
    return { output: output(), exitCode, resize: async () => {} };
  }

  logs(task: string, options: RuntimeLogOptions = {}): AsyncIterable<readonly RuntimeLogLine[]> {
    return this.#lines(this.#find(task), options);
  }

  async stats(task: string): Promise<RuntimeStats> {
    const { status, life } = this.#find(task);
    const age =
      (status.finishedAt ?? this.#setup.clock.now()) - (status.startedAt ?? this.#setup.clock.now());
    return { cpuMs: (age * life.cpu) / 1000, memory: status.state === 'running' ? life.memory : 0 };
  }

  /** Ends a task as if it had exited on its own. */
  crash(task: string, exitCode = 137): void {
    this.#machine.exit(this.#find(task), this.#setup.clock, exitCode, undefined);
  }

  /** Ends watches and output. Tasks outlive it only in a world that was given. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    if (this.#setup.world === undefined) this.#machine.lose();
  }

  async *#lines(workload: Workload, options: RuntimeLogOptions): AsyncGenerator<readonly RuntimeLogLine[]> {
    let told = 0;
    let { tail } = options;
    for (;;) {
      const all = linesOf(workload);
      const news = all.slice(told).filter(({ time }) => time >= (options.since ?? 0));
      told = all.length;
      const batch = tail === undefined ? news : news.slice(Math.max(0, news.length - tail));
      tail = undefined;
      if (batch.length > 0) yield batch;
      if (options.follow !== true || workload.status.state === 'exited') return;
      const over = AbortSignal.any([this.#closing.signal, ...(options.signal ? [options.signal] : [])]);
      if (over.aborted) return;
      await Promise.race([
        this.#machine.changed(workload),
        new Promise((resolve) => over.addEventListener('abort', resolve, { once: true })),
      ]);
    }
  }

  #find(task: string): Workload {
    this.#enter();
    const workload = this.#machine.workloads.get(task);
    if (workload === undefined) throw new GantryError('NOT_FOUND', `runtime-fake: task "${task}" not found`);
    return workload;
  }

  #enter(): void {
    if (this.#closing.signal.aborted) throw new GantryError('CLOSED', 'runtime-fake: the runtime is closed');
  }
}

/** @throws `INVALID_OBJECT` if the user or the directory does not exist. */
function answerOf(task: string, template: Workload['template'], options: ExecOptions): string {
  const { command, user = template.user ?? 'root', workingDir = template.workingDir ?? '/' } = options;
  const issues = [
    ...(user === 'missing' ? [{ path: 'user', message: `user "${user}" not found` }] : []),
    ...(workingDir === '/missing'
      ? [{ path: 'workingDir', message: `directory "${workingDir}" not found` }]
      : []),
  ];
  if (issues.length > 0) throw invalidObject(`runtime-fake: exec in "${task}"`, issues);
  if (command[0] === 'whoami') return user;
  if (command[0] === 'env')
    return Object.entries(options.env ?? {})
      .map((pair) => pair.join('='))
      .join('\n');
  return command[0] === 'pwd' ? workingDir : command.join(' ');
}

/** No output is stored: the lines of a task follow from its status. */
function linesOf({ status, life, template }: Workload): readonly RuntimeLogLine[] {
  const { startedAt: time, finishedAt = 0, exitCode, state } = status;
  if (time === undefined) return [];
  const line = (at: number, text: string): RuntimeLogLine => ({ time: at, stream: 'stdout', text });
  const last = life.printAtEnd !== undefined && state === 'exited' ? life.printAtEnd.split('\n') : [];
  const atEnd = last.map((text) => line(finishedAt, text));
  if (life.print !== undefined) return [...life.print.split('\n').map((text) => line(time, text)), ...atEnd];
  const what = [...template.command, ...template.args].join(' ');
  const started = line(time, `started ${what === '' ? (template.image ?? '') : what}`);
  if (state !== 'exited') return [started];
  return [started, ...(atEnd.length > 0 ? atEnd : [line(finishedAt, `ended with ${exitCode}`)])];
}

/** Plugin: a runtime that runs nothing, for `contracts.runtime`. */
export const fakeRuntime = definePlugin({
  name: 'runtime-fake',
  provides: contracts.runtime,
  needs: { node: contracts.node, clock: contracts.clock, random: contracts.random },
  options: z.strictObject({
    ...lifeSchema.shape,
    /** Capacity of each node. */
    capacity: z.record(z.string(), z.int().min(0)).default({ cpu: 4000, memory: 8 * 2 ** 30 }),
    /** World whose tasks outlive the runtime (default: one of its own). */
    world: z.instanceof(FakeWorld).optional(),
  }),
  create: ({ capacity, world, ...life }, { node, clock, random }) =>
    new FakeRuntime({ node, clock, random, capacity, world, life }),
});
