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
  /** Hint, no payload: a server has become leader; agents and load balancers should contact it. */
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
    senderOf: (subject: string) => {
      const start = subject.indexOf('.', root.length + 1) + 1;
      const end = subject.indexOf('.', start);
      return end < 0 ? subject.slice(start) : subject.slice(start, end);
    },
    ingressHint: `${root}.hint.ingress`,
    leaderHint: `${root}.hint.leader`,
    servers: (server: string) => `${root}.servers.${server}`,
    nodeHint: (node: string) => `${root}.hint.node.${node}`,
    event: (namespace: string, kind: string, reason: string) =>
      `${root}.events.${namespace}.${kind}.${reason}`,
    agent: (node: string) => `${root}.agent.${node}`,
  });
}
