import type { Lifecycle, Network } from '@gantry/core';
import type { AttachRequest } from '@gantry/core/contracts';
import type { Protocol } from '@gantry/core/model';
import type { Case } from '../kit.ts';

/** A started network without tasks and without networks of the kit. */
export interface NetworkSubject {
  readonly network: Network & Lifecycle;
  /** Returns `count` unused ports of the host. */
  readonly freePorts: (count: number) => Promise<readonly number[]>;
  /**
   * Lets a program outside of the cluster hold a port of the host, until the returned function is called. Required for a
   * network with `check`.
   */
  readonly occupy?: (port: number, protocol: Protocol) => Promise<() => Promise<void> | void>;
}

export type NetworkCase = Case<NetworkSubject>;

/** A request; a case overrides the fields it is about. */
export function ask(task: string, more: Partial<AttachRequest> = {}): AttachRequest {
  return { task, service: 'kit', ports: [], networks: [], ...more };
}

export function tcp(...targets: readonly number[]): AttachRequest['ports'] {
  return targets.map((target) => ({ target, protocol: 'tcp' }));
}

export function onHost(target: number, host: number): AttachRequest['ports'] {
  return [{ target, protocol: 'tcp', host }];
}
