import { ingress } from '@gantry/agent';
import type { Plugin } from '@gantry/core';
import { proxyLoadBalancer } from '@gantry/lb-proxy';
import { dockerNetwork } from '@gantry/network-docker';
import { dockerRuntime } from '@gantry/runtime-docker';
import { checkOptions } from './check-options.ts';
import { EMBEDDED_OPTIONS, type EmbeddedOptions, embeddedParts } from './embedded.ts';
import { NODE_OPTIONS, type NodeSetOptions, nodeParts } from './node.ts';

export interface DockerOptions {
  readonly runtime?: Parameters<typeof dockerRuntime>[0];
  /** Address on which published ports listen (default: 127.0.0.1). */
  readonly address?: string;
  /** File for the frontends of the load balancer, so that the next process serves their ports from its start. */
  readonly frontendsFile?: string;
}

const OWN = Object.freeze({ runtime: true as const, address: true as const, frontendsFile: true as const });

/** A cluster that runs containers on this machine's Docker engine, behind the built-in proxy. @throws `INVALID_OPTIONS` for an unknown option */
export function dockerCluster(options: EmbeddedOptions & DockerOptions = {}): readonly Plugin[] {
  checkOptions('dockerCluster', options, { ...EMBEDDED_OPTIONS, ...OWN });
  return [...embeddedParts(options), ...containers(options)];
}

/** The agent of a machine that runs containers on its Docker engine, behind the built-in proxy. @throws `INVALID_OPTIONS` for an unknown option */
export function dockerNode(options: NodeSetOptions & DockerOptions): readonly Plugin[] {
  checkOptions('dockerNode', options, { ...NODE_OPTIONS, ...OWN });
  return [...nodeParts(options), ...containers(options)];
}

function containers({ runtime = {}, address = '127.0.0.1', frontendsFile: keepIn }: DockerOptions): Plugin[] {
  return [dockerRuntime(runtime), dockerNetwork(), proxyLoadBalancer(), ingress({ address, keepIn })];
}
