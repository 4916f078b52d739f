import type { GantryError } from '@gantry/core';
import type { TaskState, TaskStatus } from '@gantry/core/model';
import type { TaskEvent } from '@gantry/core/protocol';
import type { Problem } from '../problem.ts';
import type { CallKind } from './lifecycle-state.ts';

/** The final status of a task; `finishedAt` is the current time unless it is given. */
export type EndStatus = Pick<TaskStatus, 'reason' | 'message' | 'exitCode' | 'signal' | 'finishedAt'> & {
  readonly state: TaskState;
};

/** A call whose result is awaited: `succeeded` or `failed`, with the same `call`. */
export type CallStep =
  | { readonly do: 'check' | 'prepare' | 'undo'; readonly call: number; readonly need: number }
  /** `examine` reads the last line of its output. */
  | { readonly do: 'ensure' | 'examine' | 'remove'; readonly call: number }
  | { readonly do: 'stop'; readonly call: number; readonly graceMs: number };

/** What the runner has to do next. */
export type LifecycleStep =
  | CallStep
  /** Gives up the pending call, whose result is still awaited: a check is aborted, a start is stopped. */
  | { readonly do: 'cancel'; readonly kind: 'check' | 'ensure'; readonly graceMs: number }
  /** Starts a timer; `elapsed` follows, with the same `timer`, unless it is cancelled. */
  | { readonly do: 'wait'; readonly timer: number; readonly ms: number }
  | { readonly do: 'cancel-wait' }
  | { readonly do: 'start-checks'; readonly which: 'startup' | 'others' }
  | { readonly do: 'stop-checks' }
  /** Enters a passing state of the status. */
  | { readonly do: 'enter'; readonly state: 'preparing' | 'starting' }
  /** What is in the way of that state; undefined: nothing. Reported `now`, `soon` (if it lasts), or `later`. */
  | { readonly do: 'note'; readonly problem: Problem | undefined; readonly report: 'now' | 'soon' | 'later' }
  | {
      readonly do: 'become';
      readonly state: 'running' | 'stopping';
      readonly ready: boolean;
      readonly problem: Problem | undefined;
    }
  /** Reports the final status. */
  | { readonly do: 'end'; readonly status: EndStatus }
  | { readonly do: 'record'; readonly event: Pick<TaskEvent, 'type' | 'reason' | 'message'> }
  /** Logs a failure that does not end the task; `retryInMs`: the call is repeated then. */
  | {
      readonly do: 'log';
      readonly kind: CallKind;
      readonly error: GantryError;
      readonly retryInMs?: number;
    }
  /** Nothing is left of it; `error`: the first thing that failed on the way. */
  | { readonly do: 'forget'; readonly error: GantryError | undefined };
