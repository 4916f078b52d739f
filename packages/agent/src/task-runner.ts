import {
  type Assignment,
  type Attachment,
  type Clock,
  type HealthCheck,
  isFinal,
  type Logger,
  type Network,
  type NetworkSpec,
  type PortAddress,
  type Runtime,
  type RuntimeTask,
  type TaskState,
  type TaskStatus,
  type TemplateSpec,
  toGantryError,
} from '@gantry/core';
import { attachRequest } from './attach-request.ts';
import { CheckLoop } from './health.ts';
import { type Caller, persist } from './persist.ts';
import { probe } from './probe.ts';
import { refusal } from './refusal.ts';
import type { Reporter } from './reporter.ts';

/** Most tasks have none: they share this. */
const NO_CHECKS: readonly CheckLoop[] = Object.freeze([]);

export interface RunnerParts {
  readonly runtime: Runtime;
  readonly network: Network;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reporter: Reporter;
  /** Specifications of the networks that templates name. */
  readonly networkSpec: (name: string) => NetworkSpec | undefined;
}

/** Takes one task from its assignment to its end: attach, start, check, drain, stop, detach. */
export class TaskRunner implements Caller {
  readonly name: string;
  readonly template: TemplateSpec;
  wake: (() => void) | undefined;
  readonly #parts: RunnerParts;
  readonly #assignment: Assignment;
  #status: TaskStatus;
  #phase: 'preparing' | 'starting' | undefined;
  #phaseSince = 0;
  /** What the runtime said of it when it started, and when it was up. */
  #running: Pick<TaskStatus, 'startedAt' | 'runningAt' | 'runtimeId' | 'pid' | 'ports' | 'addresses'>;
  /** Where a start is: its stop is left to it. An AbortController for each would cost more than all the rest of a task. */
  #starting: 'attach' | 'ensure' | undefined;
  #checks: readonly CheckLoop[] = NO_CHECKS;
  /** It was told to stop, by the control plane or by its own liveness check. */
  #stopping: 'shutdown' | 'unhealthy' | undefined;
  #stopReason = '';
  #wakeDrain: (() => void) | undefined;
  #drained = false;
  #started = false;
  #attachment: Attachment | undefined;
  #addresses: Readonly<Record<string, string>> | undefined;
  #exitCode: number | undefined;
  #closed = false;

  constructor(parts: RunnerParts, assignment: Assignment, template: TemplateSpec) {
    this.#parts = parts;
    this.name = assignment.name;
    this.template = template;
    this.#assignment = assignment;
    this.#status = assignment.status;
    this.#running = assignment.status;
  }

  get status(): TaskStatus {
    if (this.#phase === undefined) return this.#status;
    return { ...this.#status, ...this.#running, state: this.#phase, since: this.#phaseSince, ready: false };
  }

  /** Starts it, or takes over what already runs. */
  async start(): Promise<void> {
    const { runtime, network } = this.#parts;
    const problem = refusal(this.template, runtime, network);
    if (problem !== undefined) {
      this.#end('rejected', { reason: 'Unsupported', message: problem });
      return;
    }
    this.#starting = 'attach';
    this.#pass('preparing');
    try {
      const attachment = await this.#attach();
      this.#attachment = attachment;
      if (this.#stopping === undefined) {
        this.#pass('starting');
        const { name: task, service, slot } = this.#assignment;
        const spec = { task, service, slot, template: this.template, attachment };
        this.#starting = 'ensure';
        const running = await persist(this, this.#parts, () => runtime.ensure(spec));
        this.#starting = undefined;
        this.#started = true;
        if (running.state === 'exited') this.onRuntime(running);
        else this.#isRunning(running);
      }
    } catch (error) {
      if (this.#closed) return;
      if (this.#stopping === undefined) await this.#reject(error);
    }
    this.#starting = undefined;
    if (this.#stopping !== undefined && !this.#closed && !isFinal(this.#status.state)) await this.#stopNow();
  }

  /** The control plane's wish. */
  update({ desired, drained }: Assignment): void {
    if (drained) {
      this.#drained = true;
      this.#wakeDrain?.();
    }
    if (desired === 'shutdown') this.stop('shutdown', '');
  }

  /** Ends it: drains it first if it gets traffic. Called again, it changes nothing. */
  stop(why: 'shutdown' | 'unhealthy', message: string): void {
    if (this.#stopping !== undefined || isFinal(this.#status.state) || this.#closed) return;
    this.#stopping = why;
    this.#stopReason = message;
    this.#stopChecks();
    if (this.#starting === undefined) void this.#stopNow();
    else this.#giveUp(); // start() sees it and goes on to stop
  }

  /** What the runtime tells of it. */
  onRuntime(state: RuntimeTask): void {
    if (this.#closed || isFinal(this.#status.state) || !this.#started) return;
    if (state.state !== 'exited') return;
    const { exitCode, finishedAt, reason } = state;
    const ended = { exitCode, finishedAt: finishedAt ?? this.#parts.clock.now() };
    this.#exitCode = exitCode;
    if (this.#stopping === 'shutdown') return; // stop() reports, once it has cleared up
    this.#stopChecks();
    if (this.#stopping === 'unhealthy') {
      this.#end('failed', { ...ended, reason: 'Unhealthy', message: this.#stopReason });
    } else if (exitCode === 0) {
      this.#end('complete', { ...ended, reason: 'Completed', message: 'it ended with exit code 0' });
    } else {
      const message = reason ?? `it ended with exit code ${exitCode ?? 'unknown'}`;
      this.#end('failed', { ...ended, reason: 'Exited', message });
    }
    void this.#detach();
  }

  /** Lets go of it, as an agent that crashes: it goes on running. */
  abandon(): void {
    this.#closed = true;
    this.#stopChecks();
    this.wake?.();
    this.#wakeDrain?.();
  }

  /** Ends and forgets it, with all that is left of it. */
  async destroy(graceMs: number): Promise<void> {
    this.abandon();
    const { runtime, network } = this.#parts;
    const stopSignal = this.template.stopSignal;
    if (graceMs > 0 && !isFinal(this.#status.state)) {
      await runtime.stop(this.name, {
        graceMs: Math.min(graceMs, this.template.stopGraceMs),
        signal: stopSignal,
      });
    }
    await runtime.remove(this.name);
    await network.detach(this.name);
  }

  async #attach(): Promise<Attachment> {
    const { network, networkSpec } = this.#parts;
    const request = attachRequest(this.#assignment, this.template);
    for (const { name } of request.networks) {
      const spec = networkSpec(name);
      if (spec !== undefined) await network.ensure({ name, spec });
    }
    return persist(this, this.#parts, () => network.attach(request));
  }

  /** Ends a start that is under way, and the wait for an engine that does not answer. */
  #giveUp(): void {
    const { runtime } = this.#parts;
    this.wake?.();
    if (this.#starting !== 'ensure') return;
    const { stopGraceMs: graceMs, stopSignal: signal } = this.template;
    runtime.stop(this.name, { graceMs, signal }).catch(() => undefined); // it is stopped once more when it has started
  }

  /** A start is not, once the task was told to stop. */
  isWanted(): boolean {
    return !this.#closed && (this.#starting === undefined || this.#stopping === undefined);
  }

  #isRunning(running: RuntimeTask): void {
    this.#addresses = running.addresses;
    const ports = this.#ports();
    const { startup } = this.template.healthChecks;
    const now = this.#parts.clock.now();
    // What ran before the agent was restarted has passed its startup check.
    const isUp = startup === undefined || this.#assignment.status.state === 'running';
    this.#running = {
      startedAt: running.startedAt ?? now,
      runningAt: this.#running.runningAt ?? (isUp ? now : undefined),
      runtimeId: running.id,
      pid: running.pid,
      ports: ports.length === 0 ? undefined : ports,
      addresses: running.addresses,
    };
    if (this.#stopping !== undefined) return;
    if (isUp) this.#isUp();
    else {
      this.#pass('starting');
      const loop = this.#watch(
        startup,
        () => {
          loop.stop();
          this.#running = { ...this.#running, runningAt: this.#parts.clock.now() };
          this.#isUp();
        },
        (message) => this.#unwell(`startup check: ${message}`),
      );
    }
  }

  #isUp(): void {
    const { readiness, liveness } = this.template.healthChecks;
    const wasReady = this.#assignment.status.state === 'running' && this.#assignment.status.ready;
    this.#become('running', readiness === undefined || wasReady);
    if (readiness !== undefined) {
      this.#watch(
        readiness,
        () => this.#become('running', true),
        (message) => this.#become('running', false, `readiness check: ${message}`),
      );
    }
    if (liveness !== undefined)
      this.#watch(
        liveness,
        () => {},
        (message) => this.#unwell(`liveness check: ${message}`),
      );
  }

  #watch(check: HealthCheck, onHealthy: () => void, onUnhealthy: (message: string) => void): CheckLoop {
    const { runtime, clock } = this.#parts;
    const resolve = (port: number): { address: string; port: number } => this.addressOf(port);
    const look = () => probe(check, { task: this.name, runtime, clock, resolve });
    const loop = new CheckLoop({ check, clock, look, onHealthy, onUnhealthy });
    this.#checks = [...this.#checks, loop];
    loop.start();
    return loop;
  }

  #unwell(message: string): void {
    this.stop('unhealthy', message);
  }

  #stopChecks(): void {
    for (const loop of this.#checks) loop.stop();
    this.#checks = NO_CHECKS;
  }

  async #stopNow(): Promise<void> {
    const { runtime, logger } = this.#parts;
    if (!isFinal(this.#status.state)) this.#become('stopping', false);
    try {
      await this.#drain();
      if (this.#closed) return;
      const { stopGraceMs: graceMs, stopSignal: signal } = this.template;
      await persist(this, this.#parts, () => runtime.stop(this.name, { graceMs, signal }));
      if (this.#closed) return;
      const exitCode = this.#exitCode;
      await this.#detach();
      const finishedAt = this.#parts.clock.now();
      if (this.#stopping === 'unhealthy') {
        this.#end('failed', { exitCode, finishedAt, reason: 'Unhealthy', message: this.#stopReason });
      } else
        this.#end('shutdown', { exitCode, finishedAt, reason: 'Stopped', message: 'it was told to stop' });
    } catch (error) {
      logger.error('a task could not be stopped', { task: this.name, error: toGantryError(error) });
    }
  }

  /** Waits until no load balancer sends it anything, at most `drainMs`. */
  async #drain(): Promise<void> {
    const serves = this.template.ports.some(
      ({ mode, published }) => mode === 'ingress' && published !== undefined,
    );
    if (!serves || !this.#started || this.#drained || this.template.drainMs === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(this.template.drainMs, resolve);
      this.#wakeDrain = () => {
        cancel();
        resolve();
      };
    });
  }

  async #reject(error: unknown): Promise<void> {
    const { code, message } = toGantryError(error);
    this.#parts.logger.info('a task was rejected', { task: this.name, code, message });
    await this.#parts.runtime.remove(this.name).catch(() => undefined); // a half-made container, perhaps
    await this.#detach();
    this.#end('rejected', { reason: code, message, finishedAt: this.#parts.clock.now() });
  }

  async #detach(): Promise<void> {
    if (this.#attachment === undefined) return;
    await this.#parts.network.detach(this.name).catch((error: unknown) => {
      this.#parts.logger.warn('a task could not be detached', {
        task: this.name,
        error: toGantryError(error),
      });
    });
  }

  #ports(): PortAddress[] {
    const known = this.#attachment?.ports ?? [];
    const [address] = Object.values(this.#addresses ?? {});
    return this.template.ports.flatMap(({ target, protocol }) => {
      const at = known.find((port) => port.target === target && port.protocol === protocol);
      if (at !== undefined) return [at];
      return address === undefined ? [] : [{ target, protocol, address, port: target }];
    });
  }

  /** Where a port of it is reached from this machine. */
  addressOf(port: number): { address: string; port: number } {
    const known = this.#running.ports?.find(({ target }) => target === port);
    if (known !== undefined) return known;
    return { address: Object.values(this.#addresses ?? {})[0] ?? '127.0.0.1', port };
  }

  /** A state on the way to running. */
  #pass(phase: 'preparing' | 'starting'): void {
    // A restarted agent finds tasks that are further than this.
    if (this.#assignment.status.state === 'running') return;
    this.#phase = phase;
    this.#phaseSince = this.#parts.clock.now();
    this.#parts.reporter.passing(this.name, this);
  }

  #become(state: 'running' | 'stopping', ready: boolean, message?: string): void {
    const { state: was, ready: wasReady, since } = this.#status;
    if (isFinal(was) || (state === 'running' && this.#stopping !== undefined)) return;
    const same = was === state && wasReady === ready;
    this.#tell({ state, since: same ? since : this.#parts.clock.now(), ready, message });
  }

  #end(state: TaskState, more: Pick<TaskStatus, 'reason' | 'message' | 'exitCode' | 'finishedAt'>): void {
    if (isFinal(this.#status.state) || this.#closed) return;
    const now = this.#parts.clock.now();
    this.#tell({ state, since: now, ready: false, finishedAt: now, ...more });
  }

  #tell({ state, since, ready, reason, message, exitCode, finishedAt }: TaskStatus): void {
    const { startedAt, runningAt, runtimeId, pid, ports, addresses } = this.#running;
    this.#phase = undefined;
    // Spelt out, always in this order: a million of these are alike to the engine.
    this.#status = {
      state,
      since,
      ready,
      reason,
      message,
      startedAt,
      runningAt,
      finishedAt,
      exitCode,
      runtimeId,
      pid,
      ports,
      addresses,
    };
    this.#parts.reporter.put(this.name, this.#status);
  }
}
