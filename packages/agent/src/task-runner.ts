import { type Clock, type GantryError, type Logger, type Runtime, toGantryError } from '@gantry/core';
import type { RuntimeTask, StartProgress } from '@gantry/core/contracts';
import type { TaskStatus, TemplateSpec } from '@gantry/core/model';
import type { Assignment } from '@gantry/core/protocol';
import { Checks } from './checks.ts';
import type { LifecycleEvent } from './lifecycle/lifecycle-event.ts';
import {
  hasReached,
  type LifecycleSetup,
  type LifecycleState,
  newLifecycle,
} from './lifecycle/lifecycle-state.ts';
import type { CallStep, LifecycleStep } from './lifecycle/lifecycle-step.ts';
import { next } from './lifecycle/next.ts';
import type { TaskNeed } from './needs/task-need.ts';
import type { Reporter } from './reporter.ts';
import { StartReport } from './start-report.ts';
import { StatusTracker } from './status-tracker.ts';
import { TaskCalls } from './task-calls.ts';
import { addressOfPort } from './task-ports.ts';

export interface RunnerParts {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reporter: Reporter;
  /** What tasks need besides the runtime, in the order in which it is prepared. */
  readonly needs: readonly TaskNeed[];
  readonly setupOf: (template: TemplateSpec) => LifecycleSetup;
  /** What of a template this node cannot honour, if anything. */
  readonly refusalOf: (template: TemplateSpec) => string | undefined;
}

/** Takes one task from its assignment to its end: executes the steps of its lifecycle, and feeds back what comes of them. */
export class TaskRunner {
  readonly name: string;
  readonly template: TemplateSpec;
  readonly #parts: RunnerParts;
  readonly #assignment: Assignment;
  readonly #tracker: StatusTracker;
  #state: LifecycleState;
  /** Events that arrive while steps are executed. */
  #queue: LifecycleEvent[] | undefined;
  #executing = false;
  readonly #calls: TaskCalls;
  #checks: Checks | undefined;
  #startReport: StartReport | undefined;
  #cancelWait: (() => void) | undefined;
  #onForgotten: ((error: GantryError | undefined) => void) | undefined;

  constructor(parts: RunnerParts, assignment: Assignment, template: TemplateSpec) {
    this.#parts = parts;
    this.name = assignment.name;
    this.template = template;
    this.#assignment = assignment;
    this.#tracker = new StatusTracker(assignment.name, assignment.status, parts.clock, parts.reporter);
    this.#calls = new TaskCalls(parts, { assignment, template }, this.#tracker);
    this.#state = newLifecycle(assignment.name, parts.setupOf(template));
  }

  get status(): TaskStatus {
    return this.#tracker.current;
  }

  /** Starts it, or takes over what already runs. */
  start(): void {
    const refusal = this.#parts.refusalOf(this.template);
    const { desired, status } = this.#assignment;
    const { state, ready } = status;
    const adopted = state === 'running' ? { ready } : undefined;
    this.#feed({ type: 'assigned', desired, refusal, adopted });
  }

  /** What the control plane wants now. */
  update({ desired, drained }: Assignment): void {
    if (drained) this.#feed({ type: 'drained' });
    this.#feed({ type: 'desired', desired });
  }

  /** Takes in what the runtime reports of it. */
  onRuntime(task: RuntimeTask): void {
    const { state, health, healthMessage: message } = task;
    if (state === 'exited') this.#feed({ type: 'exited', exit: task });
    else if (health !== undefined) this.#feed({ type: 'health', health, message });
  }

  /** Lets go of it, as an agent that crashes: it keeps running. */
  abandon(): void {
    this.#feed({ type: 'abandoned' });
  }

  /** Ends and forgets it, with everything that it left behind. Fails with the first error of its removal. */
  async destroy(graceMs: number): Promise<void> {
    if (hasReached(this.#state, 'removed')) return;
    await new Promise<void>((resolve, reject) => {
      const before = this.#onForgotten;
      this.#onForgotten = (error) => {
        before?.(error);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#feed({ type: 'removed', graceMs });
    });
  }

  /** Where a port of it is reached from this machine. */
  addressOf(port: number): { address: string; port: number } {
    const { ports, addresses } = this.#tracker.running;
    return addressOfPort(port, ports, addresses);
  }

  #feed(first: LifecycleEvent): void {
    if (this.#executing) {
      this.#queue ??= [];
      this.#queue.push(first);
      return;
    }
    this.#executing = true;
    for (let event: LifecycleEvent | undefined = first; event !== undefined; event = this.#queue?.shift()) {
      const { state, steps } = next(this.#state, event);
      this.#state = state;
      for (const step of steps) this.#execute(step);
    }
    this.#queue = undefined;
    this.#executing = false;
  }

  #execute(step: LifecycleStep): void {
    const { logger, reporter, clock } = this.#parts;
    switch (step.do) {
      case 'cancel':
        this.#calls.cancel(step.kind, step.graceMs);
        return;
      case 'wait': {
        const { timer } = step;
        this.#cancelWait = clock.after(step.ms, () => this.#feed({ type: 'elapsed', timer }));
        return;
      }
      case 'cancel-wait':
        this.#cancelWait?.();
        return;
      case 'start-checks':
        if (step.which === 'startup') this.#makeChecks().startStartup();
        else this.#makeChecks().startOthers();
        return;
      case 'stop-checks':
        this.#checks?.stop();
        return;
      case 'record':
        reporter.event({ task: this.name, ...step.event });
        return;
      case 'log': {
        const { kind: call, error, retryInMs } = step;
        logger.warn('engine call failed', { task: this.name, call, error, retryInMs });
        return;
      }
      case 'forget':
        this.#onForgotten?.(step.error);
        return;
      case 'end':
        if (step.status.state === 'rejected')
          logger.info('task rejected', { task: this.name, ...step.status });
        this.#tracker.end(step.status);
        return;
      case 'become':
        this.#tracker.become(step.state, step.ready, step.problem);
        return;
      case 'enter':
        this.#tracker.pass(step.state);
        return;
      case 'note':
        this.#note(step);
        return;
      default:
        void this.#call(step);
    }
  }

  /** Executes a call, and feeds back how it ended. */
  async #call(step: CallStep): Promise<void> {
    const { call } = step;
    try {
      const result = await this.#calls.perform(step, (progress) => this.#onProgress(progress));
      if (step.do === 'check' && this.#state.call?.id === call) this.#startReport?.pulled();
      this.#feed({ type: 'succeeded', call, ...result });
    } catch (error) {
      this.#feed({ type: 'failed', call, error: toGantryError(error), now: this.#parts.clock.now() });
    }
  }

  #onProgress(progress: StartProgress): void {
    const { stop, removal, call } = this.#state;
    if (stop !== undefined || removal !== undefined || call === undefined) return;
    if (progress.phase === 'pulling') this.#startReport ??= this.#newReport();
    this.#startReport?.take(progress);
    if (progress.phase !== 'pulling') this.#feed({ type: 'creating' });
  }

  #note({ problem, report }: Extract<LifecycleStep, { do: 'note' }>): void {
    this.#tracker.note(problem);
    if (report === 'now') this.#tracker.report();
    if (report === 'soon') this.#tracker.reportSoon();
  }

  #newReport(): StartReport {
    return new StartReport({ name: this.name, image: this.template.image }, this.#tracker, this.#parts);
  }

  #makeChecks(): Checks {
    const { runtime, clock } = this.#parts;
    this.#checks ??= new Checks({
      task: this.name,
      checks: this.template.healthChecks,
      runtime,
      clock,
      resolve: (port) => this.addressOf(port),
      onVerdict: (check, verdict, message) => this.#feed({ type: 'checked', check, verdict, message }),
    });
    return this.#checks;
  }
}
