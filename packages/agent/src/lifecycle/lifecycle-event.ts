import type { GantryError } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import type { DesiredState } from '@gantry/core/model';
import type { Exit } from './lifecycle-state.ts';

/** How the runtime answered `ensure`: the task runs, or it has exited already. */
export interface Ensured {
  readonly exit?: Exit | undefined;
  /** State of the image's own health check, if it has one. */
  readonly health?: RuntimeTask['health'];
}

/** Something that happened to a task. Times are data: ms since the epoch. */
export type LifecycleEvent =
  /** The agent has received it; `refusal`: why this node cannot honour its template. */
  | {
      readonly type: 'assigned';
      readonly desired: DesiredState;
      readonly refusal: string | undefined;
      readonly adopted: { readonly ready: boolean } | undefined;
    }
  | { readonly type: 'desired'; readonly desired: DesiredState }
  /** No load balancer sends it anything. */
  | { readonly type: 'drained' }
  /** A call has succeeded. `ensured`: of `ensure`; `lastLine`: of `examine`. */
  | {
      readonly type: 'succeeded';
      readonly call: number;
      readonly ensured?: Ensured;
      readonly lastLine?: string | undefined;
    }
  | { readonly type: 'failed'; readonly call: number; readonly error: GantryError; readonly now: number }
  | { readonly type: 'elapsed'; readonly timer: number }
  /** The runtime has everything that it needs, and makes the task. */
  | { readonly type: 'creating' }
  /** The runtime reports that it has ended. */
  | { readonly type: 'exited'; readonly exit: Exit }
  /** The runtime reports what the image's own health check says. */
  | {
      readonly type: 'health';
      readonly health: NonNullable<RuntimeTask['health']>;
      readonly message: string | undefined;
    }
  /** A health check has passed, is failing, or has failed for good. */
  | {
      readonly type: 'checked';
      readonly check: 'startup' | 'readiness' | 'liveness';
      readonly verdict: 'passed' | 'failing' | 'failed';
      readonly message: string;
    }
  /** It is to be forgotten, with everything that it left behind. */
  | { readonly type: 'removed'; readonly graceMs: number }
  /** This agent leaves it to another one, running or not. */
  | { readonly type: 'abandoned' };
