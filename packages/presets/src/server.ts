import {
  type ControlPlaneOptions,
  controlPlane,
  eventPublisher,
  leaseLeadership,
  schemaGuard,
  serverPresence,
} from '@gantry/control';
import type { Plugin } from '@gantry/core';
import { controllerRunner, storeViews } from '@gantry/host';
import { spreadScheduler } from '@gantry/scheduler-spread';
import { checkOptions, type OptionNames } from './check-options.ts';
import { type LogLevel, machine } from './machine.ts';

/** Options of a server. */
export interface ServerOptions {
  /** The store; with several servers, a store that they share. */
  readonly store: Plugin;
  /** A bus that reaches the agents of other machines. */
  readonly bus: Plugin;
  /** Name of this server among the others (default: `server`). */
  readonly identity?: string;
  /** Lease duration, in ms: how long the cluster may be without a leader after a leader's crash (default: 3,000). */
  readonly leaseMs?: number;
  /** Level of the log on standard error (default: `warn`). */
  readonly logLevel?: LogLevel;
  /** Options of the control plane. */
  readonly controlPlane?: ControlPlaneOptions;
  /** Schedulers instead of `spread`; the first one is the default for services that name none. */
  readonly schedulers?: readonly Plugin[];
}

const SERVER_OPTIONS: OptionNames<ServerOptions> = Object.freeze({
  store: true,
  bus: true,
  identity: true,
  leaseMs: true,
  logLevel: true,
  controlPlane: true,
  schedulers: true,
});

/**
 * A server of a control plane, without nodes of its own. One of several servers on the same store and bus leads; the
 * others follow the state, serve the API, and are ready to take over. Compose it with `nodes: 0`.
 * @throws `INVALID_OPTIONS` for an unknown option
 */
export function server(options: ServerOptions): readonly Plugin[] {
  checkOptions('server', options, SERVER_OPTIONS);
  const { identity, leaseMs } = options;
  return [
    ...machine(options.logLevel),
    options.store,
    options.bus,
    schemaGuard(),
    storeViews(),
    ...(options.schedulers ?? [spreadScheduler()]),
    leaseLeadership({
      ...(identity !== undefined && { identity }),
      ...(leaseMs !== undefined && { leaseMs }),
    }),
    ...controlPlane(options.controlPlane),
    serverPresence(identity === undefined ? {} : { identity }),
    eventPublisher(),
    controllerRunner(),
  ];
}
