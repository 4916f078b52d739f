import type { Protocol } from './template.ts';

/** Address of a port of a task. */
export interface PortAddress {
  /** The port of the template. */
  readonly target: number;
  /** Transport protocol. */
  readonly protocol: Protocol;
  /** IP address or host name. */
  readonly address: string;
  /** Port there, 1 to 65535. */
  readonly port: number;
}
