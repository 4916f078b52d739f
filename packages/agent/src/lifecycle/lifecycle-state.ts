import type { GantryError } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import type { TaskReason } from '@gantry/core/model';
import type { Problem } from '../problem.ts';

/**
 * Stages of a task on its node, in the only order in which it passes through them; it may skip some.
 *
 * - `checking`: its needs are checked before its turn; `waiting`: it is prepared, and waits for its turn.
 * - `preparing`: its needs are prepared; `creating`: the runtime starts it; `running`: the runtime has started it.
 * - `draining`, `stopping`: it was told to stop, or its checks have failed for good.
 * - `examining`: it has exited, and its last output is read; `discarding`: a failed start is removed.
 * - `undoing`: its needs are undone; `ended`: its final status is reported, and only its logs remain.
 * - `terminating`, `deleting`, `releasing`: it was removed, and everything that it left is removed too.
 * - `removed`: it is forgotten; `abandoned`: it is left to another agent.
 */
export const STAGES = [
  'new',
  'checking',
  'waiting',
  'preparing',
  'creating',
  'running',
  'draining',
  'stopping',
  'examining',
  'discarding',
  'undoing',
  'ended',
  'terminating',
  'deleting',
  'releasing',
  'removed',
  'abandoned',
] as const;

export type Stage = (typeof STAGES)[number];

/** What the lifecycle knows of a need: which of its verbs exist. */
export interface NeedFacts {
  readonly name: string;
  readonly checks: boolean;
  readonly prepares: boolean;
  /** Reason of the status while one of its calls is retried. */
  readonly retryReason: TaskReason;
}

/** Facts of a task that do not change. */
export interface LifecycleSetup {
  /** In the order in which they are prepared. */
  readonly needs: readonly NeedFacts[];
  /** Maximum time that connections of load balancers have to end, ms; 0 if it gets none. */
  readonly drainMs: number;
  readonly stopGraceMs: number;
  readonly stopSignal: string | undefined;
  readonly startupCheck: boolean;
  readonly readinessCheck: boolean;
  readonly livenessCheck: boolean;
}

/** How a workload ended, as the runtime reports it. */
export type Exit = Pick<RuntimeTask, 'exitCode' | 'signal' | 'oomKilled' | 'reason' | 'finishedAt'>;

/** Kind of a call whose result is awaited. */
export type CallKind = 'check' | 'prepare' | 'ensure' | 'stop' | 'examine' | 'remove' | 'undo';

/** Everything the lifecycle remembers of a task. */
export interface LifecycleState {
  readonly task: string;
  readonly setup: LifecycleSetup;
  readonly stage: Stage;
  /** The need that is being checked, prepared or undone, by its index. */
  readonly need: number;
  /** Needs that were, or may have been, prepared and are not undone, in the order in which they were prepared. */
  readonly held: readonly number[];
  /** Number of calls and timers so far: each has an id of its own. */
  readonly ids: number;
  /** The call whose result is awaited. */
  readonly call: { readonly id: number; readonly kind: CallKind } | undefined;
  /** The timer that is running: a retry, the drain, or the time limit of a cancelled call. */
  readonly timer: number | undefined;
  /** Failures in a row of the current call. */
  readonly failures: number;
  /** Whether its turn has come. */
  readonly promoted: boolean;
  readonly drained: boolean;
  /** Origin of the request to stop: the control plane, or its own checks. */
  readonly stop: { readonly why: 'shutdown' | 'unhealthy'; readonly message: string } | undefined;
  /** It is to be removed; `graceMs`: grace period for its workload. */
  readonly removal: { readonly graceMs: number } | undefined;
  /** As stored when this agent took it over: it runs already. */
  readonly adopted: { readonly ready: boolean } | undefined;
  /** Whether the runtime has started it. */
  readonly started: boolean;
  /** Whether its startup check, or the image's own, has succeeded. */
  readonly up: boolean;
  readonly ready: boolean;
  /** Last message of a check that was reported. */
  readonly said: string | undefined;
  readonly exit: Exit | undefined;
  /** Last line of its output, if it exited on its own. */
  readonly lastLine: string | undefined;
  /** Why the node cannot run it. */
  readonly rejection: Problem | undefined;
  /** First error of its removal. */
  readonly error: GantryError | undefined;
}

/** A task about which nothing is known but its name and its template. */
export function newLifecycle(task: string, setup: LifecycleSetup): LifecycleState {
  return {
    task,
    setup,
    stage: 'new',
    need: 0,
    held: NONE,
    ids: 0,
    call: undefined,
    timer: undefined,
    failures: 0,
    promoted: true,
    drained: false,
    stop: undefined,
    removal: undefined,
    adopted: undefined,
    started: false,
    up: false,
    ready: false,
    said: undefined,
    exit: undefined,
    lastLine: undefined,
    rejection: undefined,
    error: undefined,
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * A changed copy, which the caller may change further before anything else sees it. Spelt out: a spread of these fields
 * takes twice the memory, and a node may have tens of thousands of tasks.
 */
export function changed(state: LifecycleState, change: Partial<LifecycleState>): Mutable<LifecycleState> {
  const copy: Mutable<LifecycleState> = {
    task: state.task,
    setup: state.setup,
    stage: state.stage,
    need: state.need,
    held: state.held,
    ids: state.ids,
    call: state.call,
    timer: state.timer,
    failures: state.failures,
    promoted: state.promoted,
    drained: state.drained,
    stop: state.stop,
    removal: state.removal,
    adopted: state.adopted,
    started: state.started,
    up: state.up,
    ready: state.ready,
    said: state.said,
    exit: state.exit,
    lastLine: state.lastLine,
    rejection: state.rejection,
    error: state.error,
  };
  return Object.assign(copy, change);
}

const NONE: readonly number[] = Object.freeze([]);

/** Whether a task has reached a stage, or is beyond it. */
export function hasReached(state: Pick<LifecycleState, 'stage'>, stage: Stage): boolean {
  return STAGES.indexOf(state.stage) >= STAGES.indexOf(stage);
}
