import type { Frontend, FrontendStatus } from '../contracts/load-balancer.ts';
import { idOf } from '../model/ids.ts';
import type { NetworkSpec } from '../model/network.ts';
import type { AgentIdentity } from '../model/node.ts';
import type { Resources } from '../model/resources.ts';
import type { Task, TaskStatus } from '../model/task.ts';
import type { DesiredState } from '../model/task-state.ts';
import type { TemplateSpec } from '../model/template.ts';

/** Registration of an agent that starts, or whose session is unknown to the control plane (`CONFLICT`). */
export interface RegisterRequest {
  /** Session that begins; chosen by the agent, unique over time. */
  readonly session: string;
  /** Labels of the node. */
  readonly labels: Readonly<Record<string, string>>;
  /** What tasks may use in total. */
  readonly capacity: Resources;
  /** Facts about the machine. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What its runtime and network can honour. */
  readonly features?: readonly string[] | undefined;
  /** Absent from agents that do not say so: they always replace an earlier session. */
  readonly agent?: AgentIdentity | undefined;
  /** Replaces another agent of the node even if that one is in contact. */
  readonly takeOver?: boolean | undefined;
}

/** Reply to a registration. */
export interface RegisterReply {
  /** Time from one heartbeat to the next, ms. */
  readonly heartbeatMs: number;
}

/** Sign that an agent is alive. */
export interface HeartbeatRequest {
  /** Session of the agent. */
  readonly session: string;
}

/** Reply to a heartbeat. */
export interface HeartbeatReply {
  /** Revision of the newest change of the node's assignments: an agent that missed a hint sees it here. */
  readonly revision: number;
}

/** An agent that asks for its assignments. */
export interface PullRequest {
  /** Session of the agent. */
  readonly session: string;
  /** The revision of the last reply; 0 asks for everything. */
  readonly since: number;
}

/** One task, as sent to its agent. */
export interface Assignment {
  /** Id of the task. */
  readonly name: string;
  /** Id of its service. */
  readonly service: string;
  /** Replica that it is an attempt at. */
  readonly slot: string;
  /** Hash of its template. */
  readonly template: string;
  /** What the control plane wants of the task. */
  readonly desired: DesiredState;
  /** Whether no load balancer sends it connections, so that it may be stopped immediately. */
  readonly drained: boolean;
  /** The stored status, from which a restarted agent resumes. */
  readonly status: TaskStatus;
}

/** The assignments of a node. */
export interface PullReply {
  /** Revision to ask from the next time. */
  readonly revision: number;
  /** Whether `assignments` are all there are; otherwise those that changed since. */
  readonly full: boolean;
  /** Tasks of the node. */
  readonly assignments: readonly Assignment[];
  /** Tasks that are gone since: forget them, with all that is left of them. */
  readonly removed: readonly string[];
  /** Templates of these assignments, by hash. */
  readonly templates: Readonly<Record<string, TemplateSpec>>;
  /** Networks of these tasks, by id. */
  readonly networks: Readonly<Record<string, NetworkSpec>>;
}

/** Something that happened to a task on its node, and that its status alone does not keep. */
export interface TaskEvent {
  /** Id of the task. */
  readonly task: string;
  /** `warning`: something went wrong. */
  readonly type: 'normal' | 'warning';
  /** CamelCase, for programs: `Pulled`, `Adopted`, `ProbeFailed`, `Killed`. */
  readonly reason: string;
  /** Description of the event, for people. */
  readonly message: string;
  /** How often since the last report. */
  readonly count: number;
}

/** Statuses and events of tasks, as one batch. */
export interface ReportRequest {
  /** Session of the agent. */
  readonly session: string;
  /** Statuses that have changed since the last report. */
  readonly statuses: readonly {
    /** Id of the task. */
    readonly task: string;
    /** Status of the task, whole. */
    readonly status: TaskStatus;
  }[];
  /** At most 100; absent if there are none. */
  readonly events?: readonly TaskEvent[] | undefined;
}

/** Reply to a report. */
export interface ReportReply {
  /** Tasks the control plane does not know, or not on this node. */
  readonly unknown: readonly string[];
}

/** A load balancer that asks for its frontends, and confirms those it has. */
export interface IngressRequest {
  /** Identifies one run of the process that asks: another one after a restart. */
  readonly session: string;
  /** The hub whose version `applied` is; absent if `applied` is 0. */
  readonly hub?: string | undefined;
  /** The version of the frontends it has applied; 0: none. */
  readonly applied: number;
  /** What became of them. */
  readonly statuses: readonly FrontendStatus[];
  /** Draining backends that still have connections. */
  readonly busy: readonly string[];
  /** Backends that were ejected or are used again since the last request that was answered. Absent: none. */
  readonly ejections?: readonly EjectionReport[] | undefined;
}

/** What a load balancer has done with one backend since the last request that was answered. */
export interface EjectionReport {
  /** Id of the frontend. */
  readonly frontend: string;
  /** The task behind the backend. */
  readonly backend: string;
  /** How often it was ejected. */
  readonly ejections: number;
  /** Why, the last time. */
  readonly reason: string;
  /** Whether it was ejected and is used again. */
  readonly restored: boolean;
}

/** The frontends that a load balancer should have. */
export interface IngressReply {
  /** The hub that answers: versions of another hub do not count. */
  readonly hub: string;
  /** Version of the frontends. */
  readonly version: number;
  /**
   * Frontends by service: those of services that have changed since the version that the request had applied; an empty list
   * if a service no longer has any.
   */
  readonly changed: Readonly<Record<string, readonly Frontend[]>>;
  /** Whether `changed` has all services, instead of those that changed: what is not in it no longer exists. */
  readonly full: boolean;
  /** Names of all networks; absent if they have not changed. */
  readonly networks?: readonly string[] | undefined;
}

/** A server tells the others that it is there: every 2 s, and when something about it has changed. */
export interface ServerMessage {
  /** Its identity in the election; another one after a restart. */
  readonly server: string;
  /** Name of the server. */
  readonly name: string;
  /** Version of Gantry that it runs. */
  readonly version: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  /** Where its API is served. */
  readonly urls: readonly string[];
  /** Its term, while its leader components run. */
  readonly leading?:
    | {
        /** Number of the term; absent without an election. */
        readonly term?: number | undefined;
        /** When the term began, ms since the epoch. */
        readonly since: number;
      }
    | undefined;
  /** It is being closed: nothing more will come from it. */
  readonly gone?: boolean | undefined;
}

/** What an agent is asked about one of its tasks. Output is pulled, so a slow reader slows the writer. */
export type AgentRequest =
  | {
      /** What the agent is asked to do. */
      readonly op: 'logs';
      /** Id of the task. */
      readonly task: string;
      /** Whether to keep sending lines until the task ends. */
      readonly follow: boolean;
      /** Number of lines from the end (default: all). */
      readonly tail?: number;
      /** Only lines from this moment on, ms since the epoch. */
      readonly since?: number;
    }
  | {
      /** What the agent is asked to do. */
      readonly op: 'exec';
      /** Id of the task. */
      readonly task: string;
      /** The program and its arguments. */
      readonly command: readonly string[];
      /** Further environment variables. */
      readonly env?: Readonly<Record<string, string>>;
      /** Sent only to a node with the feature `exec.user`: an agent that does not know it would ignore it. */
      readonly user?: string;
      /** Sent only to a node with the feature `exec.workingDir`. */
      readonly workingDir?: string;
      /** Whether the command gets a terminal. */
      readonly tty?: boolean;
    }
  /** More of a stream that `logs` or `exec` opened; waits for some. */
  | {
      /** What the agent is asked to do. */
      readonly op: 'read';
      /** Id of the stream, from {@link StreamOpened}. */
      readonly stream: string;
    }
  /** Base64 for the standard input of an exec, or for a connection; `end` closes it → {@link StreamWritten}. */
  | {
      /** What the agent is asked to do. */
      readonly op: 'write';
      /** Id of the stream, from {@link StreamOpened}. */
      readonly stream: string;
      /** The bytes, as Base64. */
      readonly data: string;
      /** Whether the input ends with these bytes. */
      readonly end: boolean;
    }
  | {
      /** What the agent is asked to do. */
      readonly op: 'resize';
      /** Id of the stream, from {@link StreamOpened}. */
      readonly stream: string;
      /** Width of the terminal, in characters. */
      readonly columns: number;
      /** Height of the terminal, in lines. */
      readonly rows: number;
    }
  | {
      /** What the agent is asked to do. */
      readonly op: 'close';
      /** Id of the stream, from {@link StreamOpened}. */
      readonly stream: string;
    }
  /** A TCP connection to a port of a task: what it sends is read as `stdout`, what it is sent is written. */
  | {
      /** What the agent is asked to do. */
      readonly op: 'dial';
      /** Id of the task. */
      readonly task: string;
      /** Port of the task. */
      readonly port: number;
    }
  /** What its running tasks use → {@link StatsReply}. */
  | {
      /** What the agent is asked to do. */
      readonly op: 'stats';
    }
  /**
   * Another agent takes over the node: this one ends its tasks, unless the other has the same runtime, and answers with
   * null. Unless the other registers, it goes on after a few seconds.
   */
  | {
      /** What the agent is asked to do. */
      readonly op: 'yield';
      /** Id of the other agent's runtime; absent if unknown. */
      readonly runtime?: string | undefined;
    };

/** What the tasks of a node use. */
export interface StatsReply {
  /** One sample for each running task. */
  readonly stats: readonly {
    /** Id of the task. */
    readonly task: string;
    /** When it was measured, ms since the epoch. */
    readonly time: number;
    /** CPU time used since the task's start, ms. */
    readonly cpuMs: number;
    /** Memory in use, bytes. */
    readonly memory: number;
  }[];
}

/** A stream that an agent has opened. */
export interface StreamOpened {
  /** Id of the stream. */
  readonly stream: string;
}

/** The next items of a stream. */
export interface StreamRead<Item = unknown> {
  /** The items; may be empty. */
  readonly items: readonly Item[];
  /** Whether the stream has ended. */
  readonly done: boolean;
  /** Exit code of an exec, once `done`. */
  readonly exitCode?: number | undefined;
}

/** Answer to `write`. */
export interface StreamWritten {
  /** False if the task has not read enough of the earlier input: nothing was taken, write the same again. */
  readonly accepted: boolean;
}

/** Exec output on the wire. */
export interface WireChunk {
  /** Stream that the command wrote to. */
  readonly stream: 'stdout' | 'stderr';
  /** Base64. */
  readonly data: string;
}

/** Returns the assignment of a stored task. */
export function assignmentOf(task: Task, drained: boolean): Assignment {
  const { service, slot, template, desired } = task.spec;
  return { name: idOf(task.meta), service, slot, template, desired, drained, status: task.status };
}
