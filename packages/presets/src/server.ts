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

export interface ServerOptions {
  /** One that its servers share, for more than one. */
  readonly store: Plugin;
  /** One that reaches the agents of other machines. */
  readonly bus: Plugin;
  /** How this server is called among the others. Default `server`. */
  readonly identity?: string;
  /** How long nobody may lead after a leader's crash, ms. Default 3,000. */
  readonly leaseMs?: number;
  /** Default `warn`, on standard error. */
  readonly logLevel?: LogLevel;
  readonly controlPlane?: ControlPlaneOptions;
  /** Schedulers in place of `spread`; the first one is the default of services that name none. */
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
 * A server of a control plane, without nodes of its own. Of several over one store and bus one leads; the others keep
 * everything in view, answer the API, and one of them takes over. Compose it with `nodes: 0`.
 *
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
