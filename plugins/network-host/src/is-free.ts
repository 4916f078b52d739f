import { GantryError } from '@gantry/core';
import type { Protocol } from '@gantry/core/model';
import { canListen } from '@gantry/system/can-listen';

/**
 * Whether a port is free.
 *
 * @throws `UNAVAILABLE` if it is not an address of this host, or listening is not permitted.
 */
export async function isFree(address: string, protocol: Protocol, port: number): Promise<boolean> {
  try {
    return await canListen(address, protocol, port);
  } catch (error) {
    const text = `network-host: cannot listen on ${address} port ${port}/${protocol}: ${(error as Error).message}`;
    throw new GantryError('UNAVAILABLE', text, { cause: error });
  }
}
