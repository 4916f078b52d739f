import { constants } from 'node:os';
import { aborted, GantryError, type Runtime } from '@gantry/core';
import type { ExecOptions, ExecSession, OutputChunk } from '@gantry/core/api';
import type {
  EnsureOptions,
  RuntimeInfo,
  RuntimeLogLine,
  RuntimeLogOptions,
  RuntimeSpec,
  RuntimeSupport,
  RuntimeTask,
} from '@gantry/core/contracts';
import type { Fixture, RuntimeSubject } from '@gantry/testing';

export interface PlainTask {
  status: RuntimeTask;
  readonly lines: readonly RuntimeLogLine[];
  readonly ignoresStop: boolean;
  hanging?: boolean;
}

/** What outlives a runtime. */
export class PlainMachine {
  readonly tasks = new Map<string, PlainTask>();
  readonly readers = new Set<(status: RuntimeTask) => void>();
  readonly timers = new Set<NodeJS.Timeout>();
  count = 0;

  after(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, ms);
    this.timers.add(timer);
  }

  turn(task: PlainTask, more: Partial<RuntimeTask>): void {
    if (task.status.state === 'exited') return;
    task.status = { ...task.status, ...more };
    for (const tell of this.readers) tell(task.status);
  }

  end(task: PlainTask, exitCode: number): void {
    this.turn(task, { state: 'exited', exitCode, finishedAt: Date.now() });
  }
}

/** A plain, correct runtime of simulated tasks, made to be broken. A task's behaviour is defined by its labels. */
export class PlainRuntime implements Runtime {
  readonly machine: PlainMachine;
  readonly closing = new AbortController();

  constructor(machine: PlainMachine) {
    this.machine = machine;
  }

  get supports(): RuntimeSupport {
    const limits = { cpu: false, memory: true, pids: false };
    const can = { exec: true, logs: true, stats: true, images: false, user: true, init: false };
    return { ...can, limits, mounts: [], execUser: true, execWorkingDir: true };
  }

  enter(): void {
    if (this.closing.signal.aborted) throw new GantryError('CLOSED', 'closed');
  }

  async info(): Promise<RuntimeInfo> {
    return { name: 'plain', version: '1', capacity: { cpu: 1000, memory: 1000 }, attributes: {} };
  }

  async prepare(_spec: Pick<RuntimeSpec, 'task' | 'template'>): Promise<void> {}

  async ensure(spec: RuntimeSpec, { signal, onProgress }: EnsureOptions = {}): Promise<RuntimeTask> {
    this.enter();
    if (signal?.aborted) throw aborted(signal);
    const { image, mounts, resources, labels, init, logging } = spec.template;
    const { cpu, pids } = resources.limits;
    const isDenied = image !== undefined || mounts.length > 0 || cpu !== undefined || pids !== undefined;
    if (isDenied || init || logging !== undefined) {
      throw new GantryError('UNSUPPORTED', 'not here');
    }
    if (labels.hopeless !== undefined) throw new GantryError('INVALID_OBJECT', 'never');
    const known = this.machine.tasks.get(spec.task);
    if (known !== undefined) return known.status;
    onProgress?.({ phase: 'starting', message: 'starting' });
    return this.begin(spec);
  }

  begin({ task, template: { labels } }: RuntimeSpec): RuntimeTask {
    const id = String(++this.machine.count);
    const lines = (labels.prints ?? '').split('\n').filter(Boolean);
    const created: PlainTask = {
      status: { task, id, state: 'created', startedAt: Date.now() },
      lines: lines.map((text) => ({ time: Date.now(), stream: 'stdout', text })),
      ignoresStop: labels.ignoresStop !== undefined,
    };
    this.machine.tasks.set(task, created);
    this.machine.turn(created, { state: 'running' });
    if (labels.exits !== undefined) {
      this.machine.after(Number(labels.after), () => this.machine.end(created, Number(labels.exits)));
    }
    return created.status;
  }

  async stop(
    name: string,
    { graceMs, signal }: { graceMs: number; signal?: string | undefined },
  ): Promise<void> {
    this.enter();
    const task = this.machine.tasks.get(name);
    if (task === undefined || task.status.state === 'exited') return;
    const kill = graceMs === 0 || task.ignoresStop;
    const code = 128 + constants.signals[(kill ? 'SIGKILL' : (signal ?? 'SIGTERM')) as 'SIGTERM'];
    await new Promise<void>((resolve) => {
      this.machine.after(kill ? graceMs : 5, () => {
        this.machine.end(task, code);
        resolve();
      });
    });
  }

  async remove(name: string): Promise<void> {
    this.enter();
    const task = this.machine.tasks.get(name);
    if (task !== undefined) this.machine.end(task, 137);
    this.machine.tasks.delete(name);
  }

  async list(): Promise<readonly RuntimeTask[]> {
    this.enter();
    return [...this.machine.tasks.values()].map(({ status }) => status);
  }

  events(signal: AbortSignal): AsyncIterable<readonly RuntimeTask[]> {
    this.enter();
    const over = AbortSignal.any([signal, this.closing.signal]);
    let batch: RuntimeTask[] = [];
    let wake = (): void => {};
    const tell = (status: RuntimeTask): void => {
      batch.push(status);
      wake();
    };
    this.machine.readers.add(tell);
    over.addEventListener('abort', () => wake());
    const { machine } = this;
    return (async function* () {
      while (!over.aborted) {
        if (batch.length > 0) {
          const told = batch;
          batch = [];
          yield told;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      machine.readers.delete(tell);
    })();
  }

  find(name: string): PlainTask {
    this.enter();
    const task = this.machine.tasks.get(name);
    if (task === undefined) throw new GantryError('NOT_FOUND', name);
    return task;
  }

  async exec(name: string, options: ExecOptions): Promise<ExecSession> {
    const { command, stdin, signal, user = 'own', workingDir = '/own' } = options;
    const task = this.find(name);
    if ([user, workingDir].some((one) => one.endsWith('missing')))
      throw new GantryError('INVALID_OBJECT', 'not found');
    const [verb, text = ''] = command;
    async function* output(): AsyncGenerator<OutputChunk> {
      if (verb === 'hangs') {
        task.hanging = true;
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        task.hanging = false;
      }
      if (verb === 'user') yield { stream: 'stdout', data: Buffer.from(user) };
      if (verb === 'directory') yield { stream: 'stdout', data: Buffer.from(workingDir) };
      if (verb === 'says') yield { stream: 'stdout', data: Buffer.from(text) };
      for await (const data of stdin ?? []) yield { stream: 'stdout', data };
    }
    const code = verb === 'exits' ? Number(text) : verb === 'findsHanging' && !task.hanging ? 1 : 0;
    const exitCode = Promise.resolve(code);
    return { output: output(), exitCode, resize: async () => {} };
  }

  async *logs(
    name: string,
    { follow, tail, since = 0, signal }: RuntimeLogOptions = {},
  ): AsyncGenerator<readonly RuntimeLogLine[]> {
    const task = this.find(name);
    const lines = task.lines.filter(({ time }) => time >= since);
    yield tail === undefined ? lines : lines.slice(-tail);
    while (follow && task.status.state !== 'exited' && !signal?.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async stats(name: string): Promise<{ cpuMs: number; memory: number }> {
    this.find(name);
    return { cpuMs: 1, memory: 1 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closing.abort();
  }
}

/** A subject over the given kind of runtime, on a machine of its own. */
export function runtimeFixture(Kind: new (machine: PlainMachine) => PlainRuntime): Fixture<RuntimeSubject> {
  const machine = new PlainMachine();
  let runtime = new Kind(machine);
  const label = (labels: Record<string, string>) => ({ command: ['x'], labels });
  return {
    subject: {
      runtime,
      restart: async () => {
        await runtime[Symbol.asyncDispose]();
        runtime = new Kind(machine);
        return runtime;
      },
      workloads: {
        sleeps: label({}),
        exits: (code, afterMs) => label({ exits: String(code), after: String(afterMs / 5) }),
        prints: (lines) => label({ prints: lines.join('\n') }),
        ignoresStop: label({ ignoresStop: '', prints: 'deaf' }),
        hopeless: label({ hopeless: '' }),
      },
      commands: {
        says: (text) => ['says', text],
        exits: (code) => ['exits', String(code)],
        copies: ['copies'],
        hangs: ['hangs'],
        findsHanging: ['findsHanging'],
        execAs: {
          user: 'other',
          missingUser: 'missing',
          printsUser: ['user'],
          directory: '/other',
          printsDirectory: ['directory'],
        },
      },
    },
    close: async () => {
      for (const timer of machine.timers) clearTimeout(timer);
      for (const task of machine.tasks.values()) machine.end(task, 137);
      await PlainRuntime.prototype[Symbol.asyncDispose].call(runtime);
    },
  };
}
