import type { Protocol } from '../model/template.ts';

/**
 * How a load balancer picks a backend: in turn, the one with the fewest connections, or the better of two random
 * ones.
 */
export type BalancePolicy = 'round-robin' | 'least-connections' | 'random-two';

/** One task that a frontend sends connections to. */
export interface Backend {
  /** The task behind it. */
  readonly id: string;
  /** IP address or host name. */
  readonly address: string;
  /** Port, 1 to 65535. */
  readonly port: number;
  /** A draining backend receives no new connections and keeps existing ones until they close or become idle. */
  readonly state: 'ready' | 'draining';
}

/** A port that clients connect to, with all of its backends. */
export interface Frontend {
  /** `service/published port/protocol`: stable across changes. */
  readonly id: string;
  /** Id of the service. */
  readonly service: string;
  /** Transport protocol. */
  readonly protocol: Protocol;
  /** Address to listen on. */
  readonly address: string;
  /** 0 lets the system choose; `list` returns the chosen port. */
  readonly port: number;
  /** How a backend is picked for each new connection. */
  readonly policy: BalancePolicy;
  /** Name of the load balancer that must serve it (default: the first one that supports its protocol and policy). */
  readonly loadBalancer?: string | undefined;
  /** `http`: a kept connection may be moved to another backend between two requests. */
  readonly appProtocol?: 'http' | undefined;
  /** All backends, ready and draining. */
  readonly backends: readonly Backend[];
}

/** Status of one frontend: listening at `port`, or the error. */
export interface FrontendStatus {
  /** Id of the frontend. */
  readonly id: string;
  /** Address that it listens on. */
  readonly address: string;
  /** The port it actually listens on. */
  readonly port: number;
  /** Why it does not listen; absent while it does. */
  readonly error?:
    | {
        /** Code of the error, such as `CONFLICT` for a port in use. */
        readonly code: string;
        /** Text of the error, for people. */
        readonly message: string;
      }
    | undefined;
}

/** Counters of one backend of one frontend. */
export interface BackendStats {
  /** Id of the frontend. */
  readonly frontend: string;
  /** Id of the backend. */
  readonly backend: string;
  /** `ejected`: ready, but skipped for a while because it fails. */
  readonly state: 'ready' | 'draining' | 'ejected';
  /** Connections that are open now. A draining backend with 0 may be stopped. */
  readonly active: number;
  /** Since the backend was added. */
  readonly connections: number;
  /** Connections that it did not accept, or accepted and did not answer. */
  readonly failures: number;
  /** How often it was ejected since it was added; absent from a load balancer that ejects none. */
  readonly ejections?: number | undefined;
  /** Why it was ejected the last time, without values that vary from one ejection to the next; absent: never ejected. */
  readonly ejectionReason?: string | undefined;
  /** Bytes sent to the backend since it was added. */
  readonly bytesIn: number;
  /** Bytes received from the backend since it was added. */
  readonly bytesOut: number;
}

/**
 * Distributes connections over backends on one machine. `apply` receives the complete state: a frontend that is not in
 * it is closed, the connections of a backend that is not in it are cut. Unchanged frontends are not disturbed, and a
 * frontend that cannot listen does not affect the others.
 */
export interface LoadBalancer {
  /** Unique on its machine; services choose a load balancer by it (`spec.loadBalancer`). */
  readonly name: string;
  /** What this load balancer can do. */
  readonly supports: {
    /** Transport protocols that it can balance. */
    readonly protocols: readonly Protocol[];
    /** Policies that it implements. */
    readonly policies: readonly BalancePolicy[];
    /**
     * Whether it stops sending connections to a backend that fails, for a time. `stats` must then count the ejections of
     * each backend and say why; the cluster records them as events of the task. Default: false.
     */
    readonly ejection?: boolean | undefined;
  };
  /** Replaces the set of frontends; returns the status of each, in the given order. */
  apply(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]>;
  /** Returns the status of every frontend. */
  list(): Promise<readonly FrontendStatus[]>;
  /** Returns the counters of every backend. */
  stats(): Promise<readonly BackendStats[]>;
  /**
   * Registers a callback for draining backends without remaining connections; returns the function that unregisters it.
   */
  onDrained(callback: (backend: string) => void): () => void;
}
