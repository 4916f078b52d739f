import type { Bus, Clock, LoadBalancer, Logger, Network, NodeInfo, Random, Runtime } from '@gantry/core';
import type { AgentIdentity } from '@gantry/core/model';
import type { Subjects } from '@gantry/core/protocol';
import type { StreamLimits } from './stream-limits.ts';

export interface AgentOptions {
  /** What becomes of the tasks when the agent is closed: they are stopped and cleared away, or left running. */
  readonly onClose: 'stop' | 'leave';
  /** The longest grace of a task when the agent is closed, ms. */
  readonly closeGraceMs: number;
  /** Replaces another agent of this node that is in contact, once. */
  readonly takeOver?: boolean;
  /** Which process this is (default: found out from the system). */
  readonly identity?: AgentIdentity;
  /** Bounds of logs, execs and connections. */
  readonly streams?: StreamLimits;
}

export interface AgentParts {
  readonly node: NodeInfo;
  readonly runtime: Runtime;
  readonly network: Network;
  /** Load balancers of the machine. */
  readonly balancers: readonly LoadBalancer[];
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly subjects: Subjects;
}
