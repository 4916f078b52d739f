import { KeptFrontends } from '@gantry/agent/kept-frontends';
import { contracts, type Logger, type Plugin, provide, toGantryError } from '@gantry/core';
import type { GantryConfig } from '../config/define-config.ts';
import type { System } from '../io/io.ts';

export interface KeptPortsOptions {
  /** File in which the previous process stored the frontends of its load balancer. */
  readonly file: string;
  /** Address on which published ports listen (default: 127.0.0.1). */
  readonly address?: string | undefined;
  readonly logLevel: NonNullable<GantryConfig['logLevel']>;
  /** The user's own plugins: a load balancer among them opens its ports itself. */
  readonly own: readonly Plugin[];
}

/** Ports that are already being served, and the plugins with which a cluster takes them over. */
export interface KeptPorts extends AsyncDisposable {
  readonly plugins: readonly Plugin[];
}

const NONE: KeptPorts = { plugins: [], [Symbol.asyncDispose]: async () => undefined };

/**
 * Serves the ports of this cluster's previous process before the cluster's modules are loaded, which takes several
 * times as long as everything before it. The cluster takes over the same load balancer; it may be closed twice.
 */
export async function openKeptPorts(
  { clock, random }: System,
  { file, address = '127.0.0.1', logLevel, own }: KeptPortsOptions,
): Promise<KeptPorts> {
  if (own.some(({ provides }) => provides.id === contracts.loadBalancer.id)) return NONE;
  const frontends = await new KeptFrontends(file, clock).read(address);
  if (frontends.length === 0) return NONE;
  const [{ ProxyLoadBalancer }, { jsonLogger }] = await Promise.all([
    import('@gantry/lb-proxy'),
    import('@gantry/system'),
  ]);
  const logger = jsonLogger({ level: logLevel }).create({}) as Logger;
  const balancer = new ProxyLoadBalancer({ clock, random, logger });
  try {
    await balancer.apply(frontends);
  } catch (error) {
    await balancer[Symbol.asyncDispose]();
    logger.warn('failed to serve the ports of the last program', { error: toGantryError(error) });
    return NONE;
  }
  return {
    plugins: [provide(contracts.loadBalancer, balancer, balancer.name), provide(contracts.logger, logger)],
    [Symbol.asyncDispose]: () => balancer[Symbol.asyncDispose](),
  };
}
