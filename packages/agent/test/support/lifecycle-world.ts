import { GantryError } from '@gantry/core';
import { type DesiredState, mayMove, type TaskState } from '@gantry/core/model';
import type { Ensured, LifecycleEvent } from '../../src/lifecycle/lifecycle-event.ts';
import {
  type CallKind,
  type LifecycleSetup,
  type LifecycleState,
  newLifecycle,
  STAGES,
  type Stage,
} from '../../src/lifecycle/lifecycle-state.ts';
import type { CallStep, LifecycleStep } from '../../src/lifecycle/lifecycle-step.ts';
import type { Transition } from '../../src/lifecycle/transition.ts';

export type Next = (state: LifecycleState, event: LifecycleEvent) => Transition;
/** How a call ends; `done-but-failed`: it had its effect, and its answer was lost. */
export type Outcome = 'succeeds' | 'is-unavailable' | 'is-rejected' | 'done-but-failed';

/** A node as a reference model: what its runtime and its needs have of one task, whatever the lifecycle believes. */
export class LifecycleWorld {
  readonly problems: string[] = [];
  readonly #history: {
    readonly event: LifecycleEvent;
    readonly stage: Stage;
    readonly steps: readonly LifecycleStep[];
  }[] = [];
  readonly #next: Next;
  readonly #setup: LifecycleSetup;
  state: LifecycleState;
  /** Calls that have not returned yet, also those whose result is not awaited. */
  readonly pending: CallStep[] = [];
  timer: number | undefined;
  instance: 'none' | 'running' | 'exited' = 'none';
  readonly prepared = new Set<number>();
  desired: DesiredState;
  removal = false;
  abandoned = false;
  forgotten = false;
  status: TaskState = 'assigned';
  ready = false;
  end: { readonly state: TaskState; readonly reason: string | undefined } | undefined;
  readonly checks = new Set<'startup' | 'readiness' | 'liveness'>();
  #instances = 0;
  /** Whether it was reported as running. */
  #ran = false;
  #stopped = false;
  /** Whether a stop, a removal or an undo has failed in such a way that what follows may find leftovers. */
  #leftovers = false;
  readonly #undoFailed = new Set<number>();
  /** Needs whose prepare had not returned when a removal stopped waiting for it. */
  readonly #late = new Set<number>();
  #startupPassed = false;
  #readinessPassed = false;
  #exitCode: number | undefined;
  #stops = false;
  #permanent = false;

  constructor(
    next: Next,
    setup: LifecycleSetup,
    { desired, runs }: { readonly desired: DesiredState; readonly runs: boolean },
  ) {
    this.#next = next;
    this.#setup = setup;
    this.desired = desired;
    this.#stops = desired === 'shutdown';
    this.state = newLifecycle('web.1.a', setup);
    if (runs) {
      this.instance = 'running';
      this.#instances = 1;
      this.#startupPassed = true;
      this.status = 'running';
    }
    const adopted = runs ? { ready: false } : undefined;
    this.feed({ type: 'assigned', desired, refusal: undefined, adopted });
  }

  /** What happened so far, for a person. */
  get log(): string {
    const lines = this.#history.map(({ event, stage, steps }) => {
      return `${JSON.stringify(event)} -> ${stage}: ${steps.map((step) => JSON.stringify(step)).join(' ')}`;
    });
    return lines.join('\n');
  }

  feed(event: LifecycleEvent): void {
    const before = Object.freeze(this.state);
    const { state, steps } = this.#next(before, event);
    this.state = state;
    this.#history.push({ event, stage: state.stage, steps });
    if (STAGES.indexOf(state.stage) < STAGES.indexOf(before.stage))
      this.#problem(`moves back from ${before.stage} to ${state.stage}`);
    if (this.forgotten && steps.length > 0) this.#problem('steps of a removed task');
    if (event.type === 'failed' && before.call?.id === event.call)
      this.#checkFailure(before.call.kind, steps);
    for (const step of steps) this.#take(step);
  }

  want(desired: DesiredState): void {
    if (this.desired === 'shutdown' || (this.desired === 'running' && desired === 'prepared')) return;
    this.desired = desired;
    if (desired === 'shutdown') this.#stops = true;
    this.feed({ type: 'desired', desired });
  }

  remove(graceMs: number): void {
    this.removal = true;
    this.feed({ type: 'removed', graceMs });
  }

  abandon(): void {
    this.abandoned = true;
    this.feed({ type: 'abandoned' });
  }

  elapse(): void {
    const { timer } = this;
    if (timer === undefined) return;
    this.timer = undefined;
    // A removal waits for a call for a limited time only: what it does afterwards is beyond the lifecycle.
    if (this.removal) for (const step of this.pending) if (step.do === 'prepare') this.#late.add(step.need);
    this.feed({ type: 'elapsed', timer });
  }

  /** The workload ends on its own. */
  exit(exitCode: number): void {
    if (this.instance !== 'running') return;
    this.instance = 'exited';
    this.#exitCode ??= exitCode;
    this.feed({ type: 'exited', exit: { exitCode } });
  }

  check(check: 'startup' | 'readiness' | 'liveness', verdict: 'passed' | 'failing' | 'failed'): void {
    if (!this.checks.has(check) || this.instance !== 'running') return;
    if (verdict === 'passed') {
      if (check === 'startup') this.#startupPassed = true;
      if (check === 'readiness') this.#readinessPassed = true;
    }
    if (verdict === 'failed' && check === 'readiness') this.#readinessPassed = false;
    if (verdict === 'failed' && check !== 'readiness') this.#stops = true;
    this.feed({ type: 'checked', check, verdict, message: 'no answer' });
  }

  /** A pending call returns. */
  settle(index: number, outcome: Outcome): void {
    const [step] = this.pending.splice(index % Math.max(1, this.pending.length), 1);
    if (step === undefined) return;
    const { call } = step;
    const ensured = outcome === 'succeeds' || outcome === 'done-but-failed' ? this.#perform(step) : undefined;
    if (outcome === 'succeeds') {
      this.feed({ type: 'succeeded', call, ...(ensured === undefined ? {} : { ensured }) });
      return;
    }
    if (step.do === 'undo' && outcome !== 'done-but-failed') this.#undoFailed.add(step.need);
    if (step.do === 'stop' || step.do === 'remove') this.#leftovers = true;
    const code = outcome === 'is-rejected' ? 'CONFLICT' : 'UNAVAILABLE';
    if (outcome === 'is-rejected' && ['check', 'prepare', 'ensure'].includes(step.do)) this.#permanent = true;
    this.feed({ type: 'failed', call, error: new GantryError(code, `cannot ${step.do}`), now: 1000 });
  }

  /** Nothing fails from now on, and all that is under way is completed. */
  calm(): void {
    for (let turn = 0; turn < 200; turn++) {
      if (this.pending.length > 0) this.settle(0, 'succeeds');
      else if (this.timer !== undefined) this.elapse();
      else if (this.checks.has('startup') && !this.#startupPassed) this.check('startup', 'passed');
      else if (this.checks.has('readiness') && !this.#readinessPassed) this.check('readiness', 'passed');
      else break;
    }
    if (this.pending.length > 0 || this.timer !== undefined) this.#problem('does not come to an end');
    else this.#checkEnd();
  }

  #checkEnd(): void {
    if (this.abandoned) return;
    const { stage } = this.state;
    if (this.removal) {
      if (!this.forgotten) this.#problem(`is not forgotten, but ${stage}`);
      const left = this.#leftNeeds();
      if (left.length > 0) this.#problem(`leaves needs ${left.join()}`);
      if (this.instance !== 'none' && !this.#leftovers) this.#problem('leaves an instance');
      return;
    }
    if (this.end !== undefined) {
      if (this.end.reason === undefined) this.#problem('ends without a reason');
      const left = this.#leftNeeds();
      if (left.length > 0) this.#problem(`has ended, and keeps needs ${left.join()}`);
      if (this.instance === 'running' && !this.#leftovers) this.#problem('has ended, and runs');
      return;
    }
    if (this.#stops) this.#problem(`was told to stop, and is ${stage}`);
    else if (this.desired === 'prepared' && stage !== 'waiting')
      this.#problem(`is not prepared, but ${stage}`);
    else if (this.desired === 'running' && (this.status !== 'running' || !this.ready))
      this.#problem(`is ${this.status} and not ready`);
  }

  #leftNeeds(): readonly number[] {
    return [...this.prepared].filter((need) => !this.#undoFailed.has(need) && !this.#late.has(need));
  }

  #take(step: LifecycleStep): void {
    switch (step.do) {
      case 'wait':
        if (this.timer !== undefined) this.#problem('has two timers');
        this.timer = step.timer;
        return;
      case 'cancel-wait':
        this.timer = undefined;
        return;
      case 'start-checks':
        if (step.which === 'startup') this.checks.add('startup');
        else {
          if (this.#setup.readinessCheck) this.checks.add('readiness');
          if (this.#setup.livenessCheck) this.checks.add('liveness');
        }
        return;
      case 'stop-checks':
        this.checks.clear();
        return;
      case 'become':
        this.#report(step.state, step.ready);
        return;
      case 'end':
        this.#report(step.status.state, false);
        this.#checkEndStatus(step.status.state);
        this.end = { state: step.status.state, reason: step.status.reason };
        return;
      case 'forget':
        this.forgotten = true;
        return;
      case 'check':
      case 'prepare':
      case 'ensure':
      case 'stop':
      case 'examine':
      case 'remove':
      case 'undo':
        this.#issue(step);
        return;
      default:
    }
  }

  #issue(step: CallStep): void {
    this.pending.push(step);
    const { needs } = this.#setup;
    switch (step.do) {
      case 'prepare':
      case 'ensure': {
        if (this.desired === 'prepared') this.#problem(`calls ${step.do} before its turn`);
        if (this.#stopped) this.#problem(`calls ${step.do} after a stop`);
        if (this.#ran) this.#problem(`calls ${step.do} of a task that has run`);
        const before = step.do === 'prepare' ? step.need : needs.length;
        const missing = needs.findIndex(({ prepares }, i) => i < before && prepares && !this.prepared.has(i));
        if (missing >= 0) this.#problem(`calls ${step.do} before need ${missing} is prepared`);
        if (this.pending.filter((each) => each.do === step.do).length > 1)
          this.#problem(`calls ${step.do} concurrently`);
        return;
      }
      case 'stop':
      case 'remove':
        this.#stopped = true;
        return;
      case 'undo': {
        const later = [...this.prepared].find(
          (need) => need > step.need && !this.#undoFailed.has(need) && !this.#late.has(need),
        );
        if (later !== undefined) this.#problem(`undoes need ${step.need} before need ${later}`);
        if (this.instance === 'running' && !this.#leftovers)
          this.#problem('undoes a need of a running instance');
        return;
      }
      default:
    }
  }

  #perform(step: CallStep): Ensured | undefined {
    switch (step.do) {
      case 'prepare':
        this.prepared.add(step.need);
        return undefined;
      case 'undo':
        this.prepared.delete(step.need);
        this.#undoFailed.delete(step.need);
        return undefined;
      case 'ensure':
        if (this.instance === 'none' && !this.#stopped) {
          this.instance = 'running';
          if (++this.#instances > 1) this.#problem('has a second instance');
        }
        return this.instance === 'running' ? {} : { exit: { exitCode: this.#exitCode ?? 137 } };
      case 'stop':
        if (this.instance === 'running') this.instance = 'exited';
        return undefined;
      case 'remove':
        this.instance = 'none';
        return undefined;
      default:
        return undefined;
    }
  }

  #report(state: TaskState, ready: boolean): void {
    if (this.end !== undefined) this.#problem(`reports ${state} after its end`);
    if (state !== this.status && !mayMove(this.status, state))
      this.#problem(`reports ${state} after ${this.status}`);
    if (state === 'running') {
      this.#ran = true;
      if (this.#instances === 0) this.#problem('is running without an instance');
      if (this.#setup.startupCheck && !this.#startupPassed)
        this.#problem('is running before its startup check passed');
      if (ready && this.#setup.readinessCheck && !this.#readinessPassed)
        this.#problem('is ready, and its readiness check has not passed');
    }
    this.status = state;
    this.ready = ready;
  }

  #checkEndStatus(state: TaskState): void {
    const fits = {
      rejected: this.#permanent,
      shutdown: this.desired === 'shutdown',
      complete: this.#exitCode === 0,
      failed: this.#instances > 0,
    }[state as string];
    if (fits !== true) this.#problem(`ends as ${state}, for no reason`);
  }

  /** A failure is retried, logged or part of the final status, unless the call was pointless by then. */
  #checkFailure(kind: CallKind, steps: readonly LifecycleStep[]): void {
    const starts = kind === 'check' || kind === 'prepare' || kind === 'ensure';
    if (starts && (this.#stops || this.removal)) return;
    if (starts && this.state.rejection !== undefined) return;
    if (kind === 'examine' || steps.some((step) => step.do === 'wait' || step.do === 'log')) return;
    this.#problem(`loses the failure of ${kind}`);
  }

  #problem(problem: string): void {
    this.problems.push(problem);
  }
}
