import { agent } from '@gantry/agent';
import { memoryBus } from '@gantry/bus-memory';
import { type ControlPlaneOptions, controlPlane, schemaGuard } from '@gantry/control';
import type { Plugin } from '@gantry/core';
import { controllerRunner, storeViews } from '@gantry/host';
import { spreadScheduler } from '@gantry/scheduler-spread';
import { memoryStore } from '@gantry/store-memory';
import { type LogLevel, machine } from './machine.ts';

export interface EmbeddedOptions {
  /** Default `warn`, on standard error. */
  readonly logLevel?: LogLevel;
  readonly controlPlane?: ControlPlaneOptions;
  /** What becomes of running tasks when the cluster is closed. Default `stop`. */
  readonly onClose?: 'stop' | 'leave';
  /** A store in place of the one in memory, such as `lmdbStore`. */
  readonly store?: Plugin;
  /** Schedulers in place of `spread`; the first one is the default of services that name none. */
  readonly schedulers?: readonly Plugin[];
}

/**
 * Everything an embedded cluster needs but the parts that touch the machine: memory store and bus, the control plane,
 * agents, the system's clock. Add a runtime and a network (and, for published ports, a load balancer with `ingress`).
 */
export function embedded(options: EmbeddedOptions = {}): readonly Plugin[] {
  return [
    ...machine(options.logLevel),
    options.store ?? memoryStore(),
    memoryBus(),
    schemaGuard(),
    storeViews(),
    ...(options.schedulers ?? [spreadScheduler()]),
    ...controlPlane(options.controlPlane),
    controllerRunner(),
    agent({ onClose: options.onClose ?? 'stop' }),
  ];
}
