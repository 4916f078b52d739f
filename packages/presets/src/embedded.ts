import { agent } from '@gantry/agent';
import { memoryBus } from '@gantry/bus-memory';
import { type ControlPlaneOptions, controlPlane, schemaGuard } from '@gantry/control';
import type { Plugin } from '@gantry/core';
import { controllerRunner, storeViews } from '@gantry/host';
import { spreadScheduler } from '@gantry/scheduler-spread';
import { memoryStore } from '@gantry/store-memory';
import { checkOptions, type OptionNames } from './check-options.ts';
import { type LogLevel, machine } from './machine.ts';

/** Options of an embedded cluster. */
export interface EmbeddedOptions {
  /** Level of the log on standard error (default: `warn`). */
  readonly logLevel?: LogLevel;
  /** Options of the control plane. */
  readonly controlPlane?: ControlPlaneOptions;
  /** What happens to running tasks when the cluster is closed (default: `stop`). */
  readonly onClose?: 'stop' | 'leave';
  /** A store instead of the one in memory, such as `lmdbStore`. */
  readonly store?: Plugin;
  /** Schedulers instead of `spread`; the first one is the default for services that name none. */
  readonly schedulers?: readonly Plugin[];
}

/** Names of the options of {@link embedded}. */
export const EMBEDDED_OPTIONS: OptionNames<EmbeddedOptions> = Object.freeze({
  logLevel: true,
  controlPlane: true,
  onClose: true,
  store: true,
  schedulers: true,
});

/**
 * Everything that an embedded cluster needs except the parts that touch the machine: memory store and bus, control
 * plane, agents, and the system clock. Add a runtime and a network (and, for published ports, a load balancer with
 * `ingress`).
 * @throws `INVALID_OPTIONS` for an unknown option
 */
export function embedded(options: EmbeddedOptions = {}): readonly Plugin[] {
  checkOptions('embedded', options, EMBEDDED_OPTIONS);
  return embeddedParts(options);
}

/** The plugins of {@link embedded}, for presets that have checked their options themselves. */
export function embeddedParts(options: EmbeddedOptions): readonly Plugin[] {
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
