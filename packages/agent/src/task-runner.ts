import { type Clock, type Logger, type Network, type Runtime, toGantryError } from '@gantry/core';
import type { Attachment, RuntimeTask, StartProgress } from '@gantry/core/contracts';
import type { NetworkSpec, TaskStatus, TemplateSpec } from '@gantry/core/model';
import type { Assignment } from '@gantry/core/protocol';
import { attach, attachRequest } from './attach-request.ts';
import { Checks } from './checks.ts';
import { lastLine } from './last-line.ts';
import { exitStatus, PREPARED, type Problem, rejection, retryProblem } from './problem.ts';
import type { Reporter } from './reporter.ts';
import { type EngineCaller, retryUntilAvailable } from './retry.ts';
import { StartReport } from './start-report.ts';
import { StatusTracker } from './status-tracker.ts';
import { addressOfPort, portsOf } from './task-ports.ts';

type RetryReason = 'RuntimeUnavailable' | 'NetworkUnavailable' | 'StopFailed';

export interface RunnerParts {
  readonly runtime: Runtime;
  readonly network: Network;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reporter: Reporter;
  /** What of a template this node cannot honour, if anything. */
  readonly refusalOf: (template: TemplateSpec) => string | undefined;
  /** Specifications of the networks that templates name. */
  readonly networkSpec: (name: string) => NetworkSpec | undefined;
}

/** Takes one task from its assignment to its end: prepare, attach, start, check, drain, stop, detach. */
export class TaskRunner implements EngineCaller {
  readonly name: string;
  readonly template: TemplateSpec;
  wake: (() => void) | undefined;
  readonly #parts: RunnerParts;
  readonly #assignment: Assignment;
  readonly #tracker: StatusTracker;
  /** Where a start is: its stop is left to it. An AbortController for each would cost more than all the rest of a task. */
  #starting: 'prepare' | 'attach' | 'ensure' | undefined;
  /** Ends the wait of a prepared task for its turn. */
  #promote: (() => void) | undefined;
  #promoted: boolean;
  #abortPrepare: AbortController | undefined;
  #startReport: StartReport | undefined;
  #checks: Checks | undefined;
  /** It was told to stop, by the control plane or by its own checks. */
  #stopping: 'shutdown' | 'unhealthy' | undefined;
  #stopReason = '';
  #wakeDrain: (() => void) | undefined;
  #drained = false;
  #started = false;
  /** It has ended by itself, and its last words are being read. */
  #ending = false;
  #attachment: Attachment | undefined;
  #exit: RuntimeTask | undefined;
  #closed = false;

  constructor(parts: RunnerParts, assignment: Assignment, template: TemplateSpec) {
    this.#parts = parts;
    this.name = assignment.name;
    this.template = template;
    this.#assignment = assignment;
    this.#promoted = assignment.desired !== 'prepared';
    this.#tracker = new StatusTracker(assignment.name, assignment.status, parts.clock, parts.reporter);
  }

  get status(): TaskStatus {
    return this.#tracker.current;
  }

  /** Starts it, or takes over what already runs. */
  async start(): Promise<void> {
    const problem = this.#parts.refusalOf(this.template);
    if (problem !== undefined) {
      this.#end({ state: 'rejected', reason: 'Unsupported', message: problem });
      return;
    }
    try {
      if (!this.#promoted) await this.#prepare();
      if (this.#stopping === undefined && !this.#closed) await this.#launch();
    } catch (error) {
      if (this.#closed) return;
      if (this.#stopping === undefined) await this.#reject(error);
    }
    this.#starting = undefined;
    if (this.#stopping !== undefined && !this.#closed && !this.#tracker.isFinal) await this.#stopNow();
  }

  /** What the control plane wants now. */
  update({ desired, drained }: Assignment): void {
    if (drained) {
      this.#drained = true;
      this.#wakeDrain?.();
    }
    if (desired === 'shutdown') this.stop('shutdown', '');
    if (desired === 'running' && !this.#promoted) {
      this.#promoted = true;
      this.#promote?.();
    }
  }

  /** Ends it: drains it first if it gets traffic. Called again, it changes nothing. */
  stop(why: 'shutdown' | 'unhealthy', message: string): void {
    if (this.#stopping !== undefined || this.#ending || this.#tracker.isFinal || this.#closed) return;
    this.#stopping = why;
    this.#stopReason = message;
    this.#checks?.stop();
    if (this.#starting === undefined) void this.#stopNow();
    else this.#giveUp(); // start() sees it and goes on to stop
  }

  /** Takes in what the runtime reports of it. */
  onRuntime(state: RuntimeTask): void {
    if (this.#closed || this.#tracker.isFinal || !this.#started || this.#ending) return;
    if (state.state !== 'exited') {
      if (state.health !== undefined && this.#stopping === undefined) this.#makeChecks().onImageHealth(state);
      return;
    }
    this.#exit = state;
    if (this.#stopping === 'shutdown') return; // stop() reports, once it has cleaned up
    this.#checks?.stop();
    this.#ending = true;
    void this.#reportExit(state);
  }

  /** Lets go of it, as an agent that crashes: it keeps running. */
  abandon(): void {
    this.#closed = true;
    this.#checks?.stop();
    this.wake?.();
    this.#promote?.();
    this.#abortPrepare?.abort();
    this.#wakeDrain?.();
  }

  /** Ends and forgets it, with everything that it left behind. */
  async destroy(graceMs: number): Promise<void> {
    this.abandon();
    const { runtime, network } = this.#parts;
    const { stopSignal: signal, stopGraceMs } = this.template;
    if (graceMs > 0 && !this.#tracker.isFinal) {
      await runtime.stop(this.name, { graceMs: Math.min(graceMs, stopGraceMs), signal });
    }
    await runtime.remove(this.name);
    await network.detach(this.name);
  }

  /** Whether the result of an engine call is still wanted: that of a start is not, once the task was told to stop. */
  isWanted(): boolean {
    return !this.#closed && (this.#starting === undefined || this.#stopping === undefined);
  }

  /** Where a port of it is reached from this machine. */
  addressOf(port: number): { address: string; port: number } {
    const { ports, addresses } = this.#tracker.running;
    return addressOfPort(port, ports, addresses);
  }

  /** Fetches what it needs, reports that, and waits for its turn. */
  async #prepare(): Promise<void> {
    const { runtime, network } = this.#parts;
    this.#starting = 'prepare';
    this.#tracker.pass('preparing');
    const request = attachRequest(this.#assignment, this.template);
    await this.#retry('NetworkUnavailable', async () => network.check?.(request));
    if (this.#stopping !== undefined || this.#closed) return;
    this.#abortPrepare = new AbortController();
    const { signal } = this.#abortPrepare;
    const onProgress = (progress: StartProgress): void => this.#onProgress(progress);
    const spec = { task: this.name, template: this.template };
    await this.#retry('RuntimeUnavailable', async () => runtime.prepare?.(spec, { signal, onProgress }));
    this.#abortPrepare = undefined;
    this.#startReport?.pulled(this.template.image);
    if (this.#promoted || this.#stopping !== undefined || this.#closed) return;
    this.#tracker.note(PREPARED);
    this.#tracker.report();
    await new Promise<void>((resolve) => {
      this.#promote = resolve;
    });
    this.#tracker.note(undefined);
  }

  async #launch(): Promise<void> {
    const { runtime } = this.#parts;
    this.#starting = 'attach';
    if (this.#tracker.phase === undefined) this.#tracker.pass('preparing');
    const { network, networkSpec } = this.#parts;
    const request = attachRequest(this.#assignment, this.template);
    this.#attachment = await this.#retry('NetworkUnavailable', () => attach(network, networkSpec, request));
    if (this.#stopping !== undefined) return;
    const { name: task, service, slot } = this.#assignment;
    const spec = { task, service, slot, template: this.template, attachment: this.#attachment };
    this.#starting = 'ensure';
    const onProgress = (progress: StartProgress): void => this.#onProgress(progress);
    const running = await this.#retry('RuntimeUnavailable', () => runtime.ensure(spec, { onProgress }));
    this.#starting = undefined;
    this.#startReport = undefined;
    this.#started = true;
    if (running.state === 'exited') this.onRuntime(running);
    else this.#isRunning(running);
  }

  /** Calls an engine until it answers; what is in the way is part of the status in the meantime. */
  #retry<T>(reason: RetryReason, call: () => Promise<T>): Promise<T> {
    // Nearly every call succeeds at once: what a retry needs is made only when one does not.
    return call().catch((error: unknown) => this.#retryFailed(reason, call, error));
  }

  async #retryFailed<T>(reason: RetryReason, call: () => Promise<T>, first: unknown): Promise<T> {
    const stops = reason === 'StopFailed';
    const result = await retryUntilAvailable(this, this.#parts, call, first, {
      ...(stops ? { retries: () => true } : {}),
      onRetry: (error, waitMs) => {
        const retryAt = this.#parts.clock.now() + waitMs;
        const problem = retryProblem(this.name, error, { reason, retryAt });
        if (stops) return this.#become('stopping', false, problem);
        this.#tracker.note(problem);
        this.#tracker.reportSoon();
      },
    });
    if (!stops) this.#tracker.note(undefined);
    return result;
  }

  #onProgress(progress: StartProgress): void {
    if (this.#closed || this.#stopping !== undefined) return;
    const starts = this.#starting === 'ensure';
    if (this.#startReport === undefined && progress.phase !== 'pulling') {
      if (starts && this.#tracker.phase === 'preparing') this.#tracker.pass('starting');
      return;
    }
    const { reporter, clock } = this.#parts;
    this.#startReport ??= new StartReport(this.name, this.#tracker, reporter, clock);
    this.#startReport.take(progress, this.template.image, starts);
  }

  /** Ends a start in progress, and the wait for an engine that does not answer. */
  #giveUp(): void {
    this.wake?.();
    this.#promote?.();
    this.#abortPrepare?.abort();
    if (this.#starting !== 'ensure') return;
    const { stopGraceMs: graceMs, stopSignal: signal } = this.template;
    this.#parts.runtime.stop(this.name, { graceMs, signal }).catch(() => undefined); // it is stopped once more when it has started
  }

  #isRunning(running: RuntimeTask): void {
    const ports = portsOf(this.template, this.#attachment, running.addresses);
    const { startup } = this.template.healthChecks;
    const now = this.#parts.clock.now();
    // What ran before the agent was restarted has passed its startup check.
    const wasUp = this.#assignment.status.state === 'running';
    const waitsForImage = running.health !== undefined && running.health !== 'healthy';
    const isUp = wasUp || (startup === undefined && !waitsForImage);
    const { id: runtimeId, pid, addresses, startedAt = now } = running;
    const runningAt = this.#tracker.running.runningAt ?? (isUp ? now : undefined);
    this.#tracker.running = { startedAt, runningAt, runtimeId, pid, ports, addresses };
    if (this.#stopping !== undefined) return;
    if (wasUp) {
      const message = 'running, and adopted by a restarted agent';
      this.#parts.reporter.event({ task: this.name, type: 'normal', reason: 'Adopted', message });
    }
    if (isUp) this.#isUp();
    else {
      this.#tracker.pass('starting');
      if (startup !== undefined) this.#makeChecks().start(startup);
    }
  }

  #isUp(): void {
    const { readiness, liveness } = this.template.healthChecks;
    const { state, ready } = this.#assignment.status;
    this.#become('running', readiness === undefined || (state === 'running' && ready));
    if (readiness !== undefined || liveness !== undefined) this.#makeChecks().startOthers();
  }

  #makeChecks(): Checks {
    const { runtime, clock, reporter } = this.#parts;
    this.#checks ??= new Checks({
      task: this.name,
      checks: this.template.healthChecks,
      runtime,
      clock,
      reporter,
      tracker: this.#tracker,
      resolve: (port) => this.addressOf(port),
      onStarted: () => this.#hasStarted(),
      onUnwell: (message) => this.stop('unhealthy', message),
    });
    return this.#checks;
  }

  #hasStarted(): void {
    this.#tracker.running = { ...this.#tracker.running, runningAt: this.#parts.clock.now() };
    this.#isUp();
  }

  async #stopNow(): Promise<void> {
    if (!this.#tracker.isFinal) this.#become('stopping', false, this.#stopProblem());
    await this.#drain();
    if (this.#closed) return;
    const { stopGraceMs: graceMs, stopSignal: signal } = this.template;
    try {
      await this.#retry('StopFailed', () => this.#parts.runtime.stop(this.name, { graceMs, signal }));
    } catch (error) {
      if (!this.#closed)
        this.#parts.logger.error('failed to stop a task', { task: this.name, error: toGantryError(error) });
      return;
    }
    if (this.#closed) return;
    const { exitCode, signal: by } = this.#exit ?? {};
    await this.#detach();
    if (by === 'SIGKILL' && signal !== 'SIGKILL' && this.#started) {
      const message = `killed: it had not ended ${graceMs} ms after the stop signal`;
      this.#parts.reporter.event({ task: this.name, type: 'warning', reason: 'Killed', message });
    }
    const problem = this.#stopProblem();
    if (this.#stopping === 'unhealthy') this.#end({ state: 'failed', exitCode, signal: by, ...problem });
    else
      this.#end({
        state: 'shutdown',
        exitCode,
        signal: by,
        reason: 'Stopped',
        message: 'stopped as requested',
      });
  }

  #stopProblem(): Problem | undefined {
    return this.#stopping === 'unhealthy' ? { reason: 'Unhealthy', message: this.#stopReason } : undefined;
  }

  /** Waits until no load balancer sends it anything, at most `drainMs`. */
  async #drain(): Promise<void> {
    const { ports, drainMs } = this.template;
    const serves = ports.some(({ mode, published }) => mode === 'ingress' && published !== undefined);
    if (!serves || !this.#started || this.#drained || drainMs === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(drainMs, resolve);
      this.#wakeDrain = () => {
        cancel();
        resolve();
      };
    });
  }

  async #reportExit(exit: RuntimeTask): Promise<void> {
    const { runtime, clock } = this.#parts;
    const finishedAt = exit.finishedAt ?? clock.now();
    if (this.#stopping === 'unhealthy') {
      this.#end({
        state: 'failed',
        exitCode: exit.exitCode,
        signal: exit.signal,
        finishedAt,
        ...this.#stopProblem(),
      });
    } else {
      const text = exit.exitCode === 0 ? undefined : await lastLine(runtime, clock, this.name);
      this.#end({ ...exitStatus(exit, text), finishedAt });
    }
    await this.#detach();
  }

  async #reject(error: unknown): Promise<void> {
    const problem = rejection(this.name, error);
    this.#parts.logger.info('task rejected', { task: this.name, ...problem });
    await this.#parts.runtime.remove(this.name).catch(() => undefined); // a half-made container, perhaps
    await this.#detach();
    this.#end({ state: 'rejected', ...problem });
  }

  async #detach(): Promise<void> {
    if (this.#attachment === undefined) return;
    await this.#parts.network.detach(this.name).catch((error: unknown) => {
      this.#parts.logger.warn('failed to detach a task from its networks', {
        task: this.name,
        error: toGantryError(error),
      });
    });
  }

  #become(state: 'running' | 'stopping', ready: boolean, problem?: Problem): void {
    if (this.#ending || (state === 'running' && this.#stopping !== undefined)) return;
    this.#tracker.become(state, ready, problem);
  }

  #end(status: Parameters<StatusTracker['end']>[0]): void {
    if (!this.#closed) this.#tracker.end(status);
  }
}
