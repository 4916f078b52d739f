import type { NetworkSpec } from '../model/network.ts';
import type { PortAddress } from '../model/port-address.ts';
import type { Protocol } from '../model/template.ts';

/** A network the runtime has to join a task to. */
export interface JoinedNetwork {
  /** Gantry's name of the network. */
  readonly name: string;
  /** The engine's name of it. */
  readonly engineName: string;
  /** Names the task answers to on this network: its service, `tasks.SERVICE`, and those given by the template. */
  readonly aliases: readonly string[];
}

/** The result of preparing a network for one task. */
export interface Attachment {
  /** Networks that the runtime must join the task to. */
  readonly networks: readonly JoinedNetwork[];
  /**
   * Addresses known before the start, such as ports reserved on the host. A port that is not listed is reached at the
   * address the runtime reports, on its target port.
   */
  readonly ports: readonly PortAddress[];
  /** Ports of the host that the engine has to publish. */
  readonly publish: readonly {
    /** Port of the template. */
    readonly target: number;
    /** Transport protocol. */
    readonly protocol: Protocol;
    /** Port of the host. */
    readonly port: number;
  }[];
  /** Environment variables that give the workload its ports, if it has to choose them itself. */
  readonly env: Readonly<Record<string, string>>;
}

/** A task as a network sees it. */
export interface AttachRequest {
  /** Id of the task. */
  readonly task: string;
  /** Id of the task's service. */
  readonly service: string;
  /** Ports of the task that must be reachable. */
  readonly ports: readonly {
    /** Port of the template. */
    readonly target: number;
    /** Transport protocol. */
    readonly protocol: Protocol;
    /** The port of the host, for ports in host mode. */
    readonly host?: number | undefined;
  }[];
  /** Names of networks, and further names to answer to on each. The name of the service is always included. */
  readonly networks: readonly {
    /** Id of the network. */
    readonly name: string;
    /** Further host names of the task on this network. */
    readonly aliases: readonly string[];
  }[];
  /** Addresses it has from an earlier run of the agent: a task that is adopted keeps them. */
  readonly keep?: readonly PortAddress[] | undefined;
}

/** A network of the cluster as it is on this machine. */
export interface NetworkStatus {
  /** Id of the network. */
  readonly name: string;
  /** Name of the network in the engine. */
  readonly engineName: string;
  /** In CIDR notation, where it has one. */
  readonly subnet?: string | undefined;
}

/**
 * Connects tasks on one machine. All verbs are idempotent: `attach` twice gives the same attachment, until `detach`.
 *
 * @throws `EXHAUSTED` when no port or address is left, `CONFLICT` when a host port is taken (`details.reason` should be
 * `PortTaken`), `NOT_FOUND` when a network was not ensured, `UNSUPPORTED` for what `supports` denies.
 */
export interface Network {
  /** What this network can do. */
  readonly supports: {
    /** Can keep networks apart and give service names an address; otherwise only the host's own network exists. */
    readonly networks: boolean;
    /** Transport protocols of ports that it can make reachable. */
    readonly protocols: readonly Protocol[];
  };
  /** Creates a network of the cluster on this machine unless it exists. */
  ensure(network: { readonly name: string; readonly spec: NetworkSpec }): Promise<NetworkStatus>;
  /** `CONFLICT` while tasks are attached. */
  remove(name: string): Promise<void>;
  /** Returns the networks of this cluster that exist on this machine. */
  list(): Promise<readonly NetworkStatus[]>;
  /** Prepares the networks, addresses and ports of one task, before its start. */
  attach(request: AttachRequest): Promise<Attachment>;
  /**
   * Checks the host ports of a task before the task that it replaces is stopped. Reserves nothing. Fails with `CONFLICT`,
   * as `attach` does, if anything other than a task of this cluster holds one of them. A port that another task holds is
   * accepted, since that task may be the replaced one. Absent if the network cannot know; a network that cannot know at
   * the moment must resolve.
   */
  check?(request: AttachRequest): Promise<void>;
  /** Releases what `attach` has reserved for a task. Does nothing for an unknown task. */
  detach(task: string): Promise<void>;
}
