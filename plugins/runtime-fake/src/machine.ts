import { constants } from 'node:os';
import { type Clock, GantryError, type Random, unlessAborted } from '@gantry/core';
import type { EnsureOptions, RuntimeSpec, RuntimeTask } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import { Feed } from '@gantry/core/primitives';
import { failureOf, PULL_FAILED, START_FAILED } from './failures.ts';
import { isBadNode, type Life, lifeOf, varied } from './life.ts';
import { prepare } from './prepare.ts';

/** Size of every staged image, and the steps in which a pull reports progress. */
const IMAGE_BYTES = 40_000_000;
const PULL_STEPS = 4;

/** One workload. Timers and waiters exist only while something is awaited: most workloads never have any. */
export interface Workload {
  status: RuntimeTask;
  readonly template: TemplateSpec;
  readonly life: Life;
  timers: (() => void)[] | undefined;
  waiters: (() => void)[] | undefined;
}

/** The dependencies of a machine, given by the runtime that uses it. */
export interface Drive {
  readonly clock: Clock;
  readonly random: Random;
  /** The life of tasks whose labels do not override it. */
  readonly life: Life;
}

/** What runs on one node, whether or not an agent is there to see it. */
export class FakeMachine {
  readonly workloads = new Map<string, Workload>();
  readonly feed = new Feed<RuntimeTask>();
  /** Tasks in which a command hangs. */
  readonly hanging = new Set<string>();
  readonly #node: string;
  /** Number of failed starts or exits of each slot, if its life counts them. */
  readonly #tally: Map<string, number>;
  /** When a task was first requested, if its life makes the engine unavailable at first. */
  readonly #firstAsked = new Map<string, number>();
  /** Images that were pulled ahead of a start. */
  readonly #pulled = new Set<string>();
  #count = 0;

  constructor(node: string, tally: Map<string, number>) {
    this.#node = node;
    this.#tally = tally;
  }

  ensure(
    spec: RuntimeSpec,
    drive: Drive,
    { signal, onProgress }: EnsureOptions,
  ): RuntimeTask | Promise<RuntimeTask> {
    const known = this.workloads.get(spec.task);
    if (known !== undefined) {
      return known.status.state === 'created' ? this.#started(spec.task, known, signal) : known.status;
    }
    const life = lifeOf(spec.template, drive.life);
    if (life.unavailableMs > 0) this.#checkAvailable(spec, life, drive.clock);
    const delay = varied(life.startDelayMs, life, drive.random);
    const workload: Workload = {
      status: { task: spec.task, state: 'created', id: `${this.#node}/${++this.#count}` },
      template: spec.template,
      life,
      timers: undefined,
      waiters: undefined,
    };
    this.workloads.set(spec.task, workload);
    if ((life.pullMs > 0 || life.pull !== 'ok') && !this.#pulled.has(spec.template.image ?? '')) {
      this.#pull(spec, workload, drive, { delay, onProgress });
      return this.#started(spec.task, workload, signal);
    }
    onProgress?.({ phase: 'starting', message: 'starting' });
    if (delay === 0) {
      this.#start(spec, workload, drive);
      return this.#outcome(spec.task, workload);
    }
    workload.timers = [drive.clock.after(delay, () => this.#start(spec, workload, drive))];
    return this.#started(spec.task, workload, signal);
  }

  /** Pulls the image, so that a later `ensure` does not. */
  async prepare(
    spec: Pick<RuntimeSpec, 'task' | 'template'>,
    { life: base, clock }: Drive,
    options: EnsureOptions,
  ): Promise<void> {
    const life = lifeOf(spec.template, base);
    if ((life.pullMs === 0 && life.pull === 'ok') || this.#pulled.has(spec.template.image ?? '')) return;
    const ends = isBadNode(this.#node, life) ? life.pull : 'ok';
    await prepare(spec, { life, ends, clock }, options);
    this.#pulled.add(spec.template.image ?? '');
  }

  stop(task: string, drive: Drive, graceMs: number, signal: string | undefined): void | Promise<void> {
    const workload = this.workloads.get(task);
    if (workload === undefined || workload.status.state === 'exited') return;
    const name = signal ?? workload.template.stopSignal ?? 'SIGTERM';
    const { life } = workload;
    const delay = life.ignoreStop ? Number.POSITIVE_INFINITY : varied(life.stopDelayMs, life, drive.random);
    const [after, last] = delay > graceMs ? [graceMs, 'SIGKILL'] : [delay, name];
    if (after === 0 || workload.status.state === 'created') {
      this.exit(workload, drive.clock, 128 + signalNumber(last), last, { signal: last });
      return;
    }
    workload.timers ??= [];
    workload.timers.push(
      drive.clock.after(after, () =>
        this.exit(workload, drive.clock, 128 + signalNumber(last), last, { signal: last }),
      ),
    );
    return this.changed(workload);
  }

  remove(task: string, clock: Clock): void {
    const workload = this.workloads.get(task);
    if (workload === undefined) return;
    this.exit(workload, clock, 128 + constants.signals.SIGKILL, 'SIGKILL');
    this.workloads.delete(task);
  }

  exit(
    workload: Workload,
    clock: Clock,
    exitCode: number,
    reason: string | undefined,
    more: Pick<RuntimeTask, 'signal' | 'oomKilled'> = {},
  ): void {
    if (workload.status.state === 'exited') return;
    for (const cancel of workload.timers ?? []) cancel();
    workload.timers = undefined;
    const { task, id, startedAt } = workload.status;
    const finishedAt = clock.now();
    this.#turn(workload, { task, state: 'exited', id, startedAt, finishedAt, exitCode, reason, ...more });
  }

  /** The machine is lost with all its tasks, without any event. */
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

  #checkAvailable({ task }: RuntimeSpec, { unavailableMs }: Life, clock: Clock): void {
    const since = this.#firstAsked.get(task) ?? clock.now();
    this.#firstAsked.set(task, since);
    if (clock.now() - since < unavailableMs) {
      throw new GantryError('UNAVAILABLE', `runtime-fake: start of "${task}": the engine is not available`);
    }
    this.#firstAsked.delete(task);
  }

  /** Pulls in steps; a pull that hangs gets stuck half-way. */
  #pull(
    spec: RuntimeSpec,
    workload: Workload,
    drive: Drive,
    { delay, onProgress }: Pick<EnsureOptions, 'onProgress'> & { readonly delay: number },
  ): void {
    const { life } = workload;
    const { image = '' } = spec.template;
    const ms = varied(life.pullMs, life, drive.random);
    const ends = life.pull === 'ok' || !isBadNode(this.#node, life) ? 'ok' : life.pull;
    const step = (done: number): void => {
      const doneBytes = (IMAGE_BYTES * done) / PULL_STEPS;
      const message = `pulling ${image}: ${doneBytes / 1e6} of ${IMAGE_BYTES / 1e6} MB`;
      onProgress?.({ phase: 'pulling', message, image, doneBytes, totalBytes: IMAGE_BYTES });
      const then = (): void => {
        if (ends !== 'ok' && ends !== 'hang' && done + 1 === PULL_STEPS) {
          this.#fail(workload, drive.clock, PULL_FAILED);
        } else if (done + 1 < PULL_STEPS) step(done + 1);
        else {
          onProgress?.({ phase: 'starting', message: 'starting' });
          workload.timers = [drive.clock.after(delay, () => this.#start(spec, workload, drive))];
        }
      };
      if (ends === 'hang' && done === PULL_STEPS / 2) return;
      workload.timers = [drive.clock.after(ms / PULL_STEPS, then)];
    };
    step(0);
  }

  #start(spec: RuntimeSpec, workload: Workload, { clock, random }: Drive): void {
    const { life } = workload;
    workload.timers = undefined;
    if (this.#fails(spec, life, random)) {
      this.#fail(workload, clock, START_FAILED);
      return;
    }
    const { task, id } = workload.status;
    if (
      life.exitAfterMs !== undefined &&
      isBadNode(this.#node, life) &&
      this.#counts(spec, 'exits', life.exitFirst)
    ) {
      const after = varied(life.exitAfterMs, life, random);
      workload.timers = [clock.after(after, () => this.#exitByItself(workload, clock))];
    }
    const hasHealth = life.healthyAfterMs !== undefined || life.unhealthyAfterMs !== undefined;
    const health = hasHealth ? ({ health: 'starting' } as const) : {};
    this.#turn(workload, { task, state: 'running', id, startedAt: clock.now(), ...health });
    if (hasHealth) this.#checkHealth(workload, clock);
  }

  #fail(workload: Workload, clock: Clock, reason: string): void {
    const { task, id } = workload.status;
    workload.timers = undefined;
    this.workloads.delete(task);
    this.#turn(workload, { task, state: 'exited', id, finishedAt: clock.now(), reason });
  }

  #exitByItself(workload: Workload, clock: Clock): void {
    const { exitCode, exitSignal, oom } = workload.life;
    const signal = oom ? 'SIGKILL' : exitSignal;
    if (signal === undefined) this.exit(workload, clock, exitCode, undefined);
    else {
      const reason = oom ? 'out of memory' : signal;
      const more = { signal, ...(oom && { oomKilled: true }) };
      this.exit(workload, clock, 128 + signalNumber(signal), reason, more);
    }
  }

  /** Reports the image's health check as time passes. */
  #checkHealth(workload: Workload, clock: Clock): void {
    const { healthyAfterMs, unhealthyAfterMs, healthMessage } = workload.life;
    const turn = (health: 'healthy' | 'unhealthy'): void => {
      if (workload.status.state !== 'running') return;
      this.#turn(workload, { ...workload.status, health, ...(healthMessage && { healthMessage }) });
    };
    workload.timers ??= [];
    if (healthyAfterMs !== undefined) {
      workload.timers.push(clock.after(healthyAfterMs, () => turn('healthy')));
    }
    if (unhealthyAfterMs !== undefined) {
      workload.timers.push(clock.after(unhealthyAfterMs, () => turn('unhealthy')));
    }
  }

  #fails(spec: RuntimeSpec, life: Life, random: Random): boolean {
    if (!isBadNode(this.#node, life)) return false;
    if (life.failFirst > 0 && this.#counts(spec, 'fails', life.failFirst)) return true;
    return life.failStart > 0 && random.next() < life.failStart;
  }

  /** Counts an event of a slot, and returns whether it is among the first `limit`. */
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
      throw failureOf(task, workload.template, life, status.reason ?? START_FAILED);
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
