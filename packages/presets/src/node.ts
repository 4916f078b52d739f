import { agent } from '@gantry/agent';
import type { Plugin } from '@gantry/core';
import { checkOptions, type OptionNames } from './check-options.ts';
import { type LogLevel, machine } from './machine.ts';

/** Options of a set of plugins for nodes. */
export interface NodeSetOptions {
  /** A bus that reaches the servers. */
  readonly bus: Plugin;
  /** Level of the log on standard error (default: `warn`). */
  readonly logLevel?: LogLevel;
  /** What happens to running tasks when the agent is closed (default: `leave`: the next agent adopts them). */
  readonly onClose?: 'stop' | 'leave';
  /** Replaces another agent of the node that is connected to the cluster (default: false). */
  readonly takeOver?: boolean;
}

/** Names of the options of {@link node}. */
export const NODE_OPTIONS: OptionNames<NodeSetOptions> = Object.freeze({
  bus: true,
  logLevel: true,
  onClose: true,
  takeOver: true,
});

/**
 * The agent of a machine, without a runtime and a network.
 *
 * @throws `INVALID_OPTIONS` for an unknown option
 */
export function node(options: NodeSetOptions): readonly Plugin[] {
  checkOptions('node', options, NODE_OPTIONS);
  return nodeParts(options);
}

/** The plugins of {@link node}, for presets that have checked their options themselves. */
export function nodeParts({
  bus,
  logLevel,
  onClose = 'leave',
  takeOver = false,
}: NodeSetOptions): readonly Plugin[] {
  return [...machine(logLevel), bus, agent({ onClose, takeOver })];
}
