import type { Frontend, FrontendStatus } from '../contracts/load-balancer.ts';
import { idOf } from '../model/ids.ts';
import type { NetworkSpec } from '../model/network.ts';
import type { AgentIdentity } from '../model/node.ts';
import type { Resources } from '../model/resources.ts';
import type { Task, TaskStatus } from '../model/task.ts';
import type { DesiredState } from '../model/task-state.ts';
import type { TemplateSpec } from '../model/template.ts';

/**
 * What control plane and nodes say to each other over the bus. The node always asks; what the control plane publishes is
 * only a hint that asking is worth while, so a lost message costs time and nothing else.
 */
export interface Subjects {
  /** Requests of the agent of a node; with `*`, those of every agent. */
  readonly dispatch: (node: string) => DispatchSubjects;
  /** Request {@link IngressRequest} → {@link IngressReply} of a machine; with `*`, of every machine. */
  readonly ingress: (machine: string) => string;
  /** The node or machine that a request to the control plane comes from: part of its subject. */
  readonly senderOf: (subject: string) => string;
  /** Hint, no payload: frontends have changed. */
  readonly ingressHint: string;
  /** Hint, no payload: somebody leads who did not before, and would like to hear of everybody. */
  readonly leaderHint: string;
  /** {@link ServerMessage}, published by each of several servers: what the others know of it; with `>`, of each. */
  readonly servers: (server: string) => string;
  /** Hint, no payload: the node's assignments have changed. */
  readonly nodeHint: (node: string) => string;
  /** {@link CloudEvent}, for whoever follows the cluster: `events.<namespace>.<kind>.<reason>`. */
  readonly event: (namespace: string, kind: string, reason: string) => string;
  /** Request to an agent: {@link AgentRequest} → its reply. */
  readonly agent: (node: string) => string;
}

/**
 * Requests of an agent. The node is part of the subject, so that a bus that restricts what a client may publish also
 * verifies for which node it speaks.
 */
export interface DispatchSubjects {
  /** Request {@link RegisterRequest} → {@link RegisterReply}. */
  readonly register: string;
  /** Request {@link HeartbeatRequest} → {@link HeartbeatReply}. */
  readonly heartbeat: string;
  /** Request {@link PullRequest} → {@link PullReply}. */
  readonly pull: string;
  /** Request {@link ReportRequest} → {@link ReportReply}. */
  readonly report: string;
}

/** The subjects of a cluster, all below `gantry.<cluster>`. */
export function subjects(cluster: string): Subjects {
  const root = `gantry.${cluster}`;
  return Object.freeze({
    dispatch: (node: string) => {
      const own = `${root}.dispatch.${node}`;
      return {
        register: `${own}.register`,
        heartbeat: `${own}.heartbeat`,
        pull: `${own}.pull`,
        report: `${own}.report`,
      };
    },
    ingress: (machine: string) => `${root}.ingress.${machine}`,
    senderOf: (subject: string) => subject.split('.')[SENDER] ?? '',
    ingressHint: `${root}.hint.ingress`,
    leaderHint: `${root}.hint.leader`,
    servers: (server: string) => `${root}.servers.${server}`,
    nodeHint: (node: string) => `${root}.hint.node.${node}`,
    event: (namespace: string, kind: string, reason: string) =>
      `${root}.events.${namespace}.${kind}.${reason}`,
    agent: (node: string) => `${root}.agent.${node}`,
  });
}

/** Position of the sender in a subject: `gantry.CLUSTER.dispatch.SENDER`. */
const SENDER = 3;

/** An agent that starts, or that was told `CONFLICT` because the control plane does not know its session. */
export interface RegisterRequest {
  readonly session: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: Resources;
  readonly attributes: Readonly<Record<string, string>>;
  /** What its runtime and network can honour. */
  readonly features?: readonly string[] | undefined;
  /** Absent from agents that do not say so: they always replace an earlier session. */
  readonly agent?: AgentIdentity | undefined;
  /** Replaces another agent of the node even if that one is in contact. */
  readonly takeOver?: boolean | undefined;
}

export interface RegisterReply {
  readonly heartbeatMs: number;
}

export interface HeartbeatRequest {
  readonly session: string;
}

export interface HeartbeatReply {
  /** Revision of the newest change of the node's assignments: an agent that missed a hint sees it here. */
  readonly revision: number;
}

export interface PullRequest {
  readonly session: string;
  /** The revision of the last reply; 0 asks for everything. */
  readonly since: number;
}

/** One task as its agent is told it. */
export interface Assignment {
  /** Id of the task. */
  readonly name: string;
  /** Id of its service. */
  readonly service: string;
  readonly slot: string;
  readonly template: string;
  readonly desired: DesiredState;
  /** No load balancer sends it anything any more: it may be stopped at once. */
  readonly drained: boolean;
  /** As stored: what a restarted agent goes on from. */
  readonly status: TaskStatus;
}

export interface PullReply {
  readonly revision: number;
  /** Whether `assignments` are all there are; otherwise those that changed since. */
  readonly full: boolean;
  readonly assignments: readonly Assignment[];
  /** Tasks that are gone since: forget them, with all that is left of them. */
  readonly removed: readonly string[];
  /** By hash: the templates of these assignments. */
  readonly templates: Readonly<Record<string, TemplateSpec>>;
  /** By id: the networks of these tasks. */
  readonly networks: Readonly<Record<string, NetworkSpec>>;
}

/** Something that happened to a task on its node, and that its status alone does not keep. */
export interface TaskEvent {
  readonly task: string;
  readonly type: 'normal' | 'warning';
  /** CamelCase, for programs: `Pulled`, `Adopted`, `ProbeFailed`, `Killed`. */
  readonly reason: string;
  readonly message: string;
  /** How often since the last report. */
  readonly count: number;
}

export interface ReportRequest {
  readonly session: string;
  readonly statuses: readonly { readonly task: string; readonly status: TaskStatus }[];
  /** At most 100; absent if there are none. */
  readonly events?: readonly TaskEvent[] | undefined;
}

export interface ReportReply {
  /** Tasks the control plane does not know, or not on this node. */
  readonly unknown: readonly string[];
}

export interface IngressRequest {
  /** The run of the process that asks: another one after a restart. */
  readonly session: string;
  /** Of which hub `applied` is a version; absent: of none. */
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

export interface IngressReply {
  /** Who answers: versions of another hub do not count. */
  readonly hub: string;
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
  readonly name: string;
  readonly version: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly urls: readonly string[];
  /** Its term, while its leader components run. */
  readonly leading?: { readonly term?: number | undefined; readonly since: number } | undefined;
  /** It is being closed: nothing more will come from it. */
  readonly gone?: boolean | undefined;
}

/** What an agent is asked about one of its tasks. Output is pulled, so a slow reader slows the writer. */
export type AgentRequest =
  | {
      readonly op: 'logs';
      readonly task: string;
      readonly follow: boolean;
      readonly tail?: number;
      readonly since?: number;
    }
  | {
      readonly op: 'exec';
      readonly task: string;
      readonly command: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
      /** Sent only to a node with the feature `exec.user`: an agent that does not know it would ignore it. */
      readonly user?: string;
      /** Sent only to a node with the feature `exec.workingDir`. */
      readonly workingDir?: string;
      readonly tty?: boolean;
    }
  /** More of a stream that `logs` or `exec` opened; waits for some. */
  | { readonly op: 'read'; readonly stream: string }
  /** Base64 for the standard input of an exec, or for a connection; `end` closes it → {@link StreamWritten}. */
  | { readonly op: 'write'; readonly stream: string; readonly data: string; readonly end: boolean }
  | { readonly op: 'resize'; readonly stream: string; readonly columns: number; readonly rows: number }
  | { readonly op: 'close'; readonly stream: string }
  /** A TCP connection to a port of a task: what it sends is read as `stdout`, what it is sent is written. */
  | { readonly op: 'dial'; readonly task: string; readonly port: number }
  /** What its running tasks use → {@link StatsReply}. */
  | { readonly op: 'stats' }
  /**
   * Another agent takes over the node: this one ends its tasks, unless the other has the same runtime, and answers with
   * null. Unless the other registers, it goes on after a few seconds.
   */
  | { readonly op: 'yield'; readonly runtime?: string | undefined };

export interface StatsReply {
  readonly stats: readonly {
    readonly task: string;
    readonly time: number;
    readonly cpuMs: number;
    readonly memory: number;
  }[];
}

export interface StreamOpened {
  readonly stream: string;
}

export interface StreamRead<Item = unknown> {
  readonly items: readonly Item[];
  readonly done: boolean;
  /** Of an exec, with `done`. */
  readonly exitCode?: number | undefined;
}

/** Answer to `write`. */
export interface StreamWritten {
  /** False if the task has not read enough of the earlier input: nothing was taken, write the same again. */
  readonly accepted: boolean;
}

/** Exec output on the wire. */
export interface WireChunk {
  readonly stream: 'stdout' | 'stderr';
  /** Base64. */
  readonly data: string;
}

/** An assignment of what is stored. */
export function assignmentOf(task: Task, drained: boolean): Assignment {
  const { service, slot, template, desired } = task.spec;
  return { name: idOf(task.meta), service, slot, template, desired, drained, status: task.status };
}
