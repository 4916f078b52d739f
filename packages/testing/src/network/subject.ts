import type { AttachRequest, Lifecycle, Network } from '@gantry/core';
import type { Case } from '../kit.ts';

/** A network that is started and has no networks of the kit's and no tasks. */
export interface NetworkSubject {
  readonly network: Network & Lifecycle;
  /** So many ports of the host that nobody listens on. */
  readonly freePorts: (count: number) => Promise<readonly number[]>;
}

export type NetworkCase = Case<NetworkSubject>;

/** A request; what a case is about is overridden. */
export function ask(task: string, more: Partial<AttachRequest> = {}): AttachRequest {
  return { task, service: 'kit', ports: [], networks: [], ...more };
}

export function tcp(...targets: readonly number[]): AttachRequest['ports'] {
  return targets.map((target) => ({ target, protocol: 'tcp' }));
}

export function onHost(target: number, host: number): AttachRequest['ports'] {
  return [{ target, protocol: 'tcp', host }];
}
