import { agent } from '@gantry/agent';
import type { Plugin } from '@gantry/core';
import { type LogLevel, machine } from './machine.ts';

export interface NodeSetOptions {
  /** One that reaches the servers. */
  readonly bus: Plugin;
  /** Default `warn`, on standard error. */
  readonly logLevel?: LogLevel;
  /** What becomes of running tasks when the agent is closed. Default `leave`: the next agent adopts them. */
  readonly onClose?: 'stop' | 'leave';
}

/** The agent of a machine, without a runtime and a network. */
export function node({ bus, logLevel, onClose = 'leave' }: NodeSetOptions): readonly Plugin[] {
  return [...machine(logLevel), bus, agent({ onClose })];
}
