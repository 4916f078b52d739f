import type { Clock } from '@gantry/core';
import { isFinal, type TaskState, type TaskStatus } from '@gantry/core/model';
import type { Problem } from './problem.ts';
import type { Reporter } from './reporter.ts';

type Running = Pick<TaskStatus, 'startedAt' | 'runningAt' | 'runtimeId' | 'pid' | 'ports' | 'addresses'>;

const NO_PROBLEM: Problem = Object.freeze({});
/** What a phase waits for when nothing is in its way. */
const WAITS: Readonly<Record<'preparing' | 'starting', Problem>> = Object.freeze({
  preparing: { reason: 'Preparing', message: 'waiting for its networks and its image' },
  starting: { reason: 'Starting', message: 'waiting until it has started' },
});

/** The status of one task on its node: keeps it, and reports what is worth it. */
export class StatusTracker {
  readonly #task: string;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  /** As stored when the agent took the task over. */
  readonly #stored: TaskStatus;
  #status: TaskStatus;
  #phase: 'preparing' | 'starting' | undefined;
  #phaseSince = 0;
  #problem: Problem = NO_PROBLEM;
  #running: Running;

  constructor(task: string, stored: TaskStatus, clock: Clock, reporter: Reporter) {
    this.#task = task;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#stored = stored;
    this.#status = stored;
    this.#running = stored;
  }

  get current(): TaskStatus {
    if (this.#phase === undefined) return this.#status;
    const { reason, message, retryAt } =
      this.#problem.reason === undefined ? WAITS[this.#phase] : this.#problem;
    const now = { state: this.#phase, since: this.#phaseSince, ready: false, reason, message, retryAt };
    return { ...this.#status, ...this.#running, ...now };
  }

  get state(): TaskState {
    return this.#status.state;
  }

  get isFinal(): boolean {
    return isFinal(this.#status.state);
  }

  /** A state on the way to running, until the next `become` or `end`. */
  get phase(): 'preparing' | 'starting' | undefined {
    return this.#phase;
  }

  /** What is in the way of the current phase. */
  get problem(): Problem {
    return this.#problem;
  }

  /** What the runtime said of the task when it started. */
  get running(): Running {
    return this.#running;
  }

  set running(running: Running) {
    this.#running = running;
  }

  /** Enters a phase; it is reported if it lasts. */
  pass(phase: 'preparing' | 'starting'): void {
    // A restarted agent finds tasks that are further than this.
    if (this.#stored.state === 'running') return;
    if (this.#phase !== phase) {
      this.#phase = phase;
      this.#phaseSince = this.#clock.now();
    }
    this.reportSoon();
  }

  /** What is in the way of the current phase; not reported yet. */
  note(problem: Problem | undefined): void {
    this.#problem = problem ?? NO_PROBLEM;
  }

  /** Reports the status as it is then, if the phase lasts. */
  reportSoon(): void {
    this.#reporter.passing(this.#task, this);
  }

  /** Reports the status immediately. */
  report(): void {
    this.#reporter.put(this.#task, this.current);
  }

  become(state: 'running' | 'stopping', ready: boolean, problem: Problem = NO_PROBLEM): void {
    if (this.isFinal) return;
    if (state === 'running' && this.#running.runningAt === undefined) {
      const { startedAt, runtimeId, pid, ports, addresses } = this.#running;
      const runningAt = this.#clock.now();
      this.#running = { startedAt, runningAt, runtimeId, pid, ports, addresses };
    }
    const { state: was, ready: wasReady, since } = this.#status;
    const same = was === state && wasReady === ready;
    const { reason, message, retryAt } = problem;
    this.#set({ state, since: same ? since : this.#clock.now(), ready, reason, message, retryAt });
  }

  end(
    more: Pick<TaskStatus, 'reason' | 'message' | 'exitCode' | 'signal'> & {
      readonly state: TaskState;
      readonly finishedAt?: number | undefined;
    },
  ): void {
    if (this.isFinal) return;
    const now = this.#clock.now();
    this.#set({ since: now, ready: false, ...more, finishedAt: more.finishedAt ?? now });
  }

  #set({ state, since, ready, reason, message, retryAt, exitCode, signal, finishedAt }: TaskStatus): void {
    const { startedAt, runningAt, runtimeId, pid, ports, addresses } = this.#running;
    this.#phase = undefined;
    // Spelt out, always in this order: a million of these are alike to the engine.
    this.#status = {
      state,
      since,
      ready,
      reason,
      message,
      retryAt,
      startedAt,
      runningAt,
      finishedAt,
      exitCode,
      signal,
      runtimeId,
      pid,
      ports,
      addresses,
    };
    this.#reporter.put(this.#task, this.#status);
  }
}
