import type { Protocol } from './template.ts';

/** Where a port of a task can be reached. */
export interface PortAddress {
  /** The port of the template. */
  readonly target: number;
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
}
