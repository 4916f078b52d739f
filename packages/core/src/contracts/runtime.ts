import type { ExecOptions, ExecSession } from '../api/exec.ts';
import type { PortAddress } from '../model/port-address.ts';
import type { Resources } from '../model/resources.ts';
import type { TemplateSpec } from '../model/template.ts';
import type { Attachment } from './network.ts';

/** What a runtime is told to run: all it needs to know, keyed by the task's id. */
export interface RuntimeSpec {
  /** Id of the task. */
  readonly task: string;
  /** Id of its service. */
  readonly service: string;
  /** Replica that it is an attempt at. */
  readonly slot: string;
  /** Specification of the workload. */
  readonly template: TemplateSpec;
  /** What the network prepared: engine networks to join, ports, environment. */
  readonly attachment: Attachment;
}

/** State of a workload: `created` before its start, `exited` for good. */
export type RuntimeState = 'created' | 'running' | 'exited';

/** A workload as the runtime sees it now. */
export interface RuntimeTask {
  /** Id of the task. */
  readonly task: string;
  /** State as seen by the engine. */
  readonly state: RuntimeState;
  /** The engine's own name for it: a container id, a process id. */
  readonly id: string;
  /** Process id on the host, while it runs and where the engine reports it. */
  readonly pid?: number | undefined;
  /** When it was started, ms since the epoch. */
  readonly startedAt?: number | undefined;
  /** When it exited, ms since the epoch. */
  readonly finishedAt?: number | undefined;
  /** Exit code; 128 + n when signal n ended it. */
  readonly exitCode?: number | undefined;
  /** Why it ended, where the engine knows more than a code: `out of memory`, `SIGKILL`, a start error. */
  readonly reason?: string | undefined;
  /** Name of the signal that ended it, if one did and the runtime knows it. */
  readonly signal?: string | undefined;
  /** The kernel killed it because it exceeded its memory. */
  readonly oomKilled?: boolean | undefined;
  /** What the image's own health check says of a running task; absent if it has none or it is turned off. */
  readonly health?: 'starting' | 'healthy' | 'unhealthy' | undefined;
  /** Last output of the image's health check, at most 1,000 characters. */
  readonly healthMessage?: string | undefined;
  /** Whether its processes are frozen, by a direct call to the engine. */
  readonly paused?: boolean | undefined;
  /** Addresses by network name, where the engine gives it some. */
  readonly addresses?: Readonly<Record<string, string>> | undefined;
  /** Ports its attachment had at its start, if any. An agent that adopts the task requests the same ports. */
  readonly ports?: readonly PortAddress[] | undefined;
}

/** Progress of a start. */
export interface StartProgress {
  /** Current step of the start. */
  readonly phase: 'pulling' | 'creating' | 'starting';
  /** A short sentence for people, such as `pulling web:1: 12 of 40 MB`. */
  readonly message: string;
  /** The image that is being pulled. */
  readonly image?: string | undefined;
  /** Bytes pulled so far. */
  readonly doneBytes?: number | undefined;
  /** Bytes to pull in total, as far as known; grows while the engine discovers layers. */
  readonly totalBytes?: number | undefined;
}

/** Options of `ensure` and `prepare`. */
export interface EnsureOptions {
  /** Abandons the start: `ensure` throws `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the phase changes, and while pulling at most 4 times a second. Must not throw. */
  readonly onProgress?: ((progress: StartProgress) => void) | undefined;
}

/** Options of `logs`. */
export interface RuntimeLogOptions {
  /** Keep going as the task writes, until it ends. */
  readonly follow?: boolean;
  /** Number of lines from the end (default: all). */
  readonly tail?: number;
  /** ms since the epoch. */
  readonly since?: number;
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal;
}

/** One line of a task's output. */
export interface RuntimeLogLine {
  /** ms since the epoch. */
  readonly time: number;
  /** Stream that the task wrote to. */
  readonly stream: 'stdout' | 'stderr';
  /** Text of the line, without its line terminator. */
  readonly text: string;
}

/** One sample of a task's resource usage. */
export interface RuntimeStats {
  /** CPU time used since its start, ms. */
  readonly cpuMs: number;
  /** Memory in use, bytes. */
  readonly memory: number;
}

/** What a runtime can do; what it denies it refuses with `UNSUPPORTED`, and the agent refuses tasks that need it. */
export interface RuntimeSupport {
  /** Runs commands inside tasks: `exec` is present. */
  readonly exec: boolean;
  /** Runs commands of `exec` as another user than the task's. Default: no. */
  readonly execUser?: boolean;
  /** Runs commands of `exec` in another directory than the task's. Default: no. */
  readonly execWorkingDir?: boolean;
  /** Keeps output: `logs` is present. */
  readonly logs: boolean;
  /** Measures usage: `stats` is present. */
  readonly stats: boolean;
  /** Runs images; otherwise a template needs a `command` and may have no image. */
  readonly images: boolean;
  /** Runs templates that have no image. Default: only a runtime without images does. */
  readonly commands?: boolean;
  /** Enforces these limits. */
  readonly limits: {
    /** Enforces the limit of CPU time. */
    readonly cpu: boolean;
    /** Enforces the limit of memory. */
    readonly memory: boolean;
    /** Enforces the limit of processes and threads. */
    readonly pids: boolean;
  };
  /** `bind`: with any propagation. */
  readonly mounts: readonly ('bind' | 'tmpfs')[];
  /** Runs tasks as the user that their template names. */
  readonly user: boolean;
  /** Can run an init process as process 1 of a task. */
  readonly init: boolean;
  /** Hands output to log drivers, as `logging` of a template says. Default: no. */
  readonly logging?: boolean;
}

/** Properties of the machine, requested once at the start of an agent. */
export interface RuntimeInfo {
  /** Shown as the node attribute `runtime`. */
  readonly name: string;
  /** Version of the engine. */
  readonly version: string;
  /** What tasks may use in total: `cpu` in millicores, `memory` in bytes, counts of further resources. */
  readonly capacity: Resources;
  /** Further node attributes. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Two runtimes with the same id have the same tasks, whichever process asks; absent if unknown. */
  readonly id?: string | undefined;
}

/**
 * Runs workloads on one node. Everything is keyed by the task's id and kept where it outlives the agent (labels,
 * records), so a restarted agent adopts running tasks: `list()` returns every task of this node's runtime, regardless
 * of which process started it. All verbs are idempotent.
 *
 * Life of a task: `ensure(spec)` resolves once it runs; it exits on its own or is stopped by `stop`; `remove` deletes
 * it with its logs and files. `events` reports later changes; a consumer that missed some calls `list()`.
 *
 * A task that was reported as `exited` is final. If someone brings it back to life by hand, the runtime terminates it
 * again, and `list` and `events` keep reporting its first end: it must never run beside its replacement. Whatever else is
 * done to it by hand (renamed, paused), it stays the same task under the same id.
 *
 * Errors of `ensure` name the field of the template in `details.field` and the reason in `details.reason` where they are
 * known: `ImageNotFound`, `ImageUnauthorized`, `ImagePlatform`, `ImageInvalid`, `RegistryUnavailable`, `CommandNotFound`,
 * `CommandNotExecutable`, `MountInvalid`, `UserUnknown`, `PortTaken`. For images, `details.image` and
 * `details.registry` are given too.
 *
 * @throws `NOT_FOUND` for an unknown task (stop and remove do not throw then), `UNSUPPORTED` for what `supports` denies,
 * `UNAVAILABLE` when the engine is away, `INVALID_OBJECT` for a spec that can never start (no such image or command).
 */
export interface Runtime {
  /** What this runtime can do; constant. */
  readonly supports: RuntimeSupport;
  /** Returns the properties of the machine. */
  info(): Promise<RuntimeInfo>;
  /** Creates and starts it unless it is there: a running one is adopted as it is, an exited one is not started again. */
  ensure(spec: RuntimeSpec, options?: EnsureOptions): Promise<RuntimeTask>;
  /**
   * Fetches what a later `ensure` of this template needs, such as its image, and starts nothing. Absent if there is
   * nothing to fetch. Fails as `ensure` would.
   */
  prepare?(spec: Pick<RuntimeSpec, 'task' | 'template'>, options?: EnsureOptions): Promise<void>;
  /**
   * Sends the stop signal to all of it, waits up to `graceMs`, then kills all of it. Resolves once it has ended.
   * Cancels a start in progress: its `ensure` throws `ABORTED` or returns a task that has exited.
   */
  stop(task: string, options: { graceMs: number; signal?: string | undefined }): Promise<void>;
  /** Kills it if it still runs, and forgets it. */
  remove(task: string): Promise<void>;
  /** Returns every task of this node's runtime, including ended ones that were not removed. */
  list(): Promise<readonly RuntimeTask[]>;
  /** State changes of tasks, from now on; a batch may repeat what `list` returned. Ends when the signal fires. */
  events(signal: AbortSignal): AsyncIterable<readonly RuntimeTask[]>;
  /**
   * Present if `supports.exec`. A command whose user or directory does not exist must not run: `exec` throws
   * `INVALID_OBJECT`, or the command exits with a code other than 0 and the reason as its output.
   */
  exec?(task: string, options: ExecOptions): Promise<ExecSession>;
  /** Present if `supports.logs`; works for a task that has ended, until `remove`. */
  logs?(task: string, options?: RuntimeLogOptions): AsyncIterable<readonly RuntimeLogLine[]>;
  /** Returns one sample, not a stream. Present if `supports.stats`. */
  stats?(task: string): Promise<RuntimeStats>;
}
