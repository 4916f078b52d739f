import type { ObjectMeta } from './meta.ts';
import type { PortAddress } from './port-address.ts';
import type { DesiredState, TaskState } from './task-state.ts';

/** What is wanted of a task. */
export interface TaskSpec {
  /** Id of its service. */
  readonly service: string;
  /** The `meta.uid` of its service. */
  readonly serviceUid: string;
  /** Hash of its template. */
  readonly template: string;
  /** The replica it is an attempt at: a number from 1, or the node's name for a global service. */
  readonly slot: string;
  /** Counts the tasks of a slot, from 1. */
  readonly attempt: number;
  /** Restarts in a row that led to this one; the back-off and `maxAttempts` count these. */
  readonly restarts: number;
  /** The value of the service's `restartedAt` when it was made. */
  readonly restartedAt?: number | undefined;
  /** Name of its node; absent until the scheduler has placed it. Never changes. */
  readonly node?: string | undefined;
  /** What the control plane wants of it. */
  readonly desired: DesiredState;
}

/** A task as its agent, or for a task without a node the control plane, reports it. */
export interface TaskStatus {
  /** State of the task; it only moves forward. */
  readonly state: TaskState;
  /** When it entered this state, ms since the epoch. */
  readonly since: number;
  /** May get traffic: it runs and its readiness check, if it has one, succeeds. */
  readonly ready: boolean;
  /**
   * What keeps it from being ready, or how it ended, for programs: one of {@link TaskReason}, or the code of a filter or
   * an error.
   */
  readonly reason?: string | undefined;
  /** The reason as text, with the image, address, exit code or last line of output that a user needs. */
  readonly message?: string | undefined;
  /**
   * When it is tried again, ms since the epoch: the next attempt of what `reason` names, or, on a task that has ended,
   * the next task in its slot. Absent while nothing is being waited for.
   */
  readonly retryAt?: number | undefined;
  /** When its container or process was started, ms since the epoch. */
  readonly startedAt?: number | undefined;
  /** When it became `running`, its startup check, if it has one, having succeeded; updates watch it from then on. */
  readonly runningAt?: number | undefined;
  /** When it ended, ms since the epoch. */
  readonly finishedAt?: number | undefined;
  /** Exit code; 128 + n when signal n ended it. Absent while it runs. */
  readonly exitCode?: number | undefined;
  /** Name of the signal that ended it, such as `SIGKILL`, where the runtime knows it. */
  readonly signal?: string | undefined;
  /** Container or process id. */
  readonly runtimeId?: string | undefined;
  /** Process id on the host, where the runtime reports it. */
  readonly pid?: number | undefined;
  /** Where its ports are reached. */
  readonly ports?: readonly PortAddress[] | undefined;
  /** Addresses by network. */
  readonly addresses?: Readonly<Record<string, string>> | undefined;
}

/** One attempt to run one replica of a service on one node. */
export interface Task {
  /** Always `task`. */
  readonly kind: 'task';
  /** Name, namespace and other data that every object has. */
  readonly meta: ObjectMeta;
  /** What is wanted of the task. */
  readonly spec: TaskSpec;
  /** The task as its agent reports it. */
  readonly status: TaskStatus;
}

/**
 * The name of the n-th attempt of a slot: `web.3.k2x9f0ab`. It is a function of what it names, so that two control
 * planes that both want this task try to create the same key, and one of them is refused.
 */
export function taskName(service: ObjectMeta, slot: string, attempt: number): string {
  return `${service.name}.${slot}.${hash53(`${service.uid}/${service.generation}/${slot}/${attempt}`)}`;
}

/** 53 bits as 8 to 11 characters of base 36: two rounds of multiplicative mixing (after cyrb53, public domain). */
function hash53(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36).padStart(8, '0').slice(-8);
}
