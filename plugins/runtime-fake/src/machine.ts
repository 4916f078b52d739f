import { constants } from 'node:os';
import {
  type Clock,
  type EnsureOptions,
  GantryError,
  type Random,
  type RuntimeSpec,
  type RuntimeTask,
  type TemplateSpec,
  unlessAborted,
} from '@gantry/core';
import { Feed } from './feed.ts';
import { type Life, lifeOf, varied } from './life.ts';

/** One workload. Timers and waiters are there only while something is awaited: most have none all their life. */
export interface Workload {
  status: RuntimeTask;
  readonly template: TemplateSpec;
  readonly life: Life;
  timers: (() => void)[] | undefined;
  waiters: (() => void)[] | undefined;
}

/** What drives a machine, given by the runtime that uses it. */
export interface Drive {
  readonly clock: Clock;
  readonly random: Random;
  /** The life of tasks whose labels say nothing else. */
  readonly life: Life;
}

/** What runs on one node, whether or not an agent is there to see it. */
export class FakeMachine {
  readonly workloads = new Map<string, Workload>();
  readonly feed = new Feed<RuntimeTask>();
  readonly #node: string;
  /** How often each slot failed to start or ended by itself, where its life counts that. */
  readonly #tally: Map<string, number>;
  #count = 0;

  constructor(node: string, tally: Map<string, number>) {
    this.#node = node;
    this.#tally = tally;
  }

  ensure(spec: RuntimeSpec, drive: Drive, { signal }: EnsureOptions): RuntimeTask | Promise<RuntimeTask> {
    const known = this.workloads.get(spec.task);
    if (known !== undefined) {
      return known.status.state === 'created' ? this.#started(spec.task, known, signal) : known.status;
    }
    const life = lifeOf(spec.template, drive.life);
    const delay = varied(life.startDelayMs, life, drive.random);
    const workload: Workload = {
      status: { task: spec.task, state: 'created', id: `${this.#node}/${++this.#count}` },
      template: spec.template,
      life,
      timers: undefined,
      waiters: undefined,
    };
    this.workloads.set(spec.task, workload);
    if (delay === 0) {
      this.#start(spec, workload, drive);
      return this.#outcome(spec.task, workload);
    }
    workload.timers = [drive.clock.after(delay, () => this.#start(spec, workload, drive))];
    return this.#started(spec.task, workload, signal);
  }

  stop(task: string, drive: Drive, graceMs: number, signal: string | undefined): void | Promise<void> {
    const workload = this.workloads.get(task);
    if (workload === undefined || workload.status.state === 'exited') return;
    const name = signal ?? workload.template.stopSignal ?? 'SIGTERM';
    const { life } = workload;
    const delay = life.ignoreStop ? Number.POSITIVE_INFINITY : varied(life.stopDelayMs, life, drive.random);
    const [after, last] = delay > graceMs ? [graceMs, 'SIGKILL'] : [delay, name];
    if (after === 0 || workload.status.state === 'created') {
      this.exit(workload, drive.clock, 128 + signalNumber(last), last);
      return;
    }
    workload.timers ??= [];
    workload.timers.push(
      drive.clock.after(after, () => this.exit(workload, drive.clock, 128 + signalNumber(last), last)),
    );
    return this.changed(workload);
  }

  remove(task: string, clock: Clock): void {
    const workload = this.workloads.get(task);
    if (workload === undefined) return;
    this.exit(workload, clock, 128 + constants.signals.SIGKILL, 'SIGKILL');
    this.workloads.delete(task);
  }

  exit(workload: Workload, clock: Clock, exitCode: number, reason: string | undefined): void {
    if (workload.status.state === 'exited') return;
    for (const cancel of workload.timers ?? []) cancel();
    workload.timers = undefined;
    const { task, id, startedAt } = workload.status;
    this.#turn(workload, { task, state: 'exited', id, startedAt, finishedAt: clock.now(), exitCode, reason });
  }

  /** The machine is lost with all that ran on it; nobody is told. */
  lose(): void {
    for (const workload of this.workloads.values()) {
      for (const cancel of workload.timers ?? []) cancel();
    }
    this.workloads.clear();
  }

  /** Resolves when the state of this workload changes next. */
  changed(workload: Workload): Promise<void> {
    return new Promise((resolve) => {
      workload.waiters ??= [];
      workload.waiters.push(resolve);
    });
  }

  #start(spec: RuntimeSpec, workload: Workload, { clock, random }: Drive): void {
    const { life } = workload;
    workload.timers = undefined;
    if (this.#fails(spec, life, random)) {
      this.workloads.delete(spec.task);
      const { task, id } = workload.status;
      const finishedAt = clock.now();
      this.#turn(workload, { task, state: 'exited', id, finishedAt, reason: 'start failed' });
      return;
    }
    const { task, id } = workload.status;
    if (life.exitAfterMs !== undefined && this.#counts(spec, 'exits', life.exitFirst)) {
      const after = varied(life.exitAfterMs, life, random);
      workload.timers = [clock.after(after, () => this.exit(workload, clock, life.exitCode, undefined))];
    }
    this.#turn(workload, { task, state: 'running', id, startedAt: clock.now() });
  }

  #fails(spec: RuntimeSpec, life: Life, random: Random): boolean {
    if (life.failFirst > 0 && this.#counts(spec, 'fails', life.failFirst)) return true;
    return life.failStart > 0 && random.next() < life.failStart;
  }

  /** Counts one of a slot, and says whether it is among the first `limit`. */
  #counts(spec: RuntimeSpec, what: string, limit: number | undefined): boolean {
    if (limit === undefined) return true;
    const key = `${what}/${spec.service}/${spec.slot}`;
    const count = (this.#tally.get(key) ?? 0) + 1;
    this.#tally.set(key, count);
    return count <= limit;
  }

  async #started(task: string, workload: Workload, signal: AbortSignal | undefined): Promise<RuntimeTask> {
    const change = this.changed(workload);
    if (signal === undefined) await change;
    else await unlessAborted(change, signal);
    return this.#outcome(task, workload);
  }

  #outcome(task: string, workload: Workload): RuntimeTask {
    const { status, life } = workload;
    if (
      status.state === 'exited' &&
      this.workloads.get(task) !== workload &&
      status.startedAt === undefined
    ) {
      throw new GantryError(life.failWith, `runtime-fake: "${task}" failed to start, as its life demands`);
    }
    return status;
  }

  #turn(workload: Workload, status: RuntimeTask): void {
    workload.status = status;
    this.feed.push(status);
    const { waiters } = workload;
    workload.waiters = undefined;
    for (const wake of waiters ?? []) wake();
  }
}

/** The number of a signal; an unknown one ends a workload like SIGTERM. */
function signalNumber(name: string): number {
  return constants.signals[name as NodeJS.Signals] ?? constants.signals.SIGTERM;
}
