import type { Protocol } from '../model/template.ts';

export type BalancePolicy = 'round-robin' | 'least-connections' | 'random-two';

export interface Backend {
  /** The task behind it. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** A draining backend receives no new connections and keeps existing ones until they close or become idle. */
  readonly state: 'ready' | 'draining';
}

/** A port that clients connect to, with all of its backends. */
export interface Frontend {
  /** `service/published port/protocol`: stable across changes. */
  readonly id: string;
  readonly service: string;
  readonly protocol: Protocol;
  readonly address: string;
  /** 0 lets the system choose; `list` returns the chosen port. */
  readonly port: number;
  readonly policy: BalancePolicy;
  /** Name of the load balancer that must serve it (default: the first one that supports its protocol and policy). */
  readonly loadBalancer?: string | undefined;
  /** `http`: a kept connection may be moved to another backend between two requests. */
  readonly appProtocol?: 'http' | undefined;
  readonly backends: readonly Backend[];
}

/** Status of one frontend: listening at `port`, or the error. */
export interface FrontendStatus {
  readonly id: string;
  readonly address: string;
  /** The port it actually listens on. */
  readonly port: number;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

export interface BackendStats {
  readonly frontend: string;
  readonly backend: string;
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
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/**
 * Spreads connections over backends on one machine. `apply` takes the whole state: a frontend that is not in it is
 * closed, a backend that is not in it is cut. Frontends that did not change are not disturbed, and one that cannot
 * listen does not stop the rest.
 */
export interface LoadBalancer {
  /** Unique on its machine; services choose a load balancer by it (`spec.loadBalancer`). */
  readonly name: string;
  readonly supports: {
    readonly protocols: readonly Protocol[];
    readonly policies: readonly BalancePolicy[];
    /**
     * Whether it stops sending connections to a backend that fails, for a time. `stats` must then count the ejections of
     * each backend and say why; the cluster records them as events of the task. Default: false.
     */
    readonly ejection?: boolean | undefined;
  };
  apply(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]>;
  list(): Promise<readonly FrontendStatus[]>;
  stats(): Promise<readonly BackendStats[]>;
  /** Calls back when a draining backend has no connection left; returns how to stop that. */
  onDrained(callback: (backend: string) => void): () => void;
}
