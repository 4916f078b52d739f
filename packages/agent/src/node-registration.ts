import type { LoadBalancer, Network, NodeInfo, Runtime } from '@gantry/core';
import type { RuntimeInfo } from '@gantry/core/contracts';
import type { AgentIdentity } from '@gantry/core/model';
import { featuresOfNode } from '@gantry/core/protocol';
import { agentIdentity } from './contest.ts';
import type { Registrar } from './registrar.ts';
import { registrationOf } from './registration.ts';

export interface NodeRegistrationParts {
  readonly node: NodeInfo;
  readonly session: string;
  readonly runtime: Runtime;
  readonly network: Network;
  readonly balancers: readonly LoadBalancer[];
  readonly registrar: Registrar;
  /** Which process this is (default: found out from the system). */
  readonly identity: AgentIdentity | undefined;
  /** Whether another agent is about to register: this one must not. */
  readonly isYielding: () => boolean;
  /** Fires when the agent is closed. */
  readonly closed: AbortSignal;
  /** The control plane has accepted the node, which it may not have known before. */
  readonly onRegistered: () => void;
  /** The same, after the first time. */
  readonly onRegisteredAgain: () => void;
}

/** Keeps a node registered with the control plane. */
export class NodeRegistration {
  readonly #parts: NodeRegistrationParts;
  #info: RuntimeInfo | undefined;
  #identity: AgentIdentity | undefined;
  #heartbeatMs = 1000;
  #registering: Promise<void> | undefined;

  constructor(parts: NodeRegistrationParts) {
    this.#parts = parts;
  }

  /** Interval of heartbeats that the control plane expects, ms. */
  get heartbeatMs(): number {
    return this.#heartbeatMs;
  }

  /** Id of the runtime, if it has one. */
  get runtimeId(): string | undefined {
    return this.#info?.id;
  }

  /** Asks the runtime once what the node offers. */
  async prepare(): Promise<void> {
    this.#info = await this.#parts.runtime.info();
    this.#identity = this.#parts.identity ?? agentIdentity(this.#info.id);
  }

  /** Repeats until the control plane has accepted the node. @throws `ALREADY_EXISTS` as {@link Registrar.register} */
  async register(signal: AbortSignal): Promise<void> {
    const { node, session, runtime, network, balancers, registrar, onRegistered } = this.#parts;
    const features = featuresOfNode(runtime, network, balancers);
    const facts = registrationOf(node, session, this.#info as RuntimeInfo, features);
    this.#heartbeatMs = await registrar.register(node.name, facts, this.#identity as AgentIdentity, signal);
    onRegistered();
  }

  /** The control plane does not know this session: registers in the background, unless that is in progress. */
  registerAgain(): void {
    const { isYielding, closed, onRegisteredAgain } = this.#parts;
    if (isYielding() || closed.aborted) return;
    this.#registering ??= this.register(closed)
      .then(onRegisteredAgain)
      .catch(() => undefined) // only when the agent is closed
      .finally(() => {
        this.#registering = undefined;
      });
  }
}
