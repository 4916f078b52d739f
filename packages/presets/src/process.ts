import { ingress } from '@gantry/agent';
import type { Plugin } from '@gantry/core';
import { proxyLoadBalancer } from '@gantry/lb-proxy';
import { hostNetwork } from '@gantry/network-host';
import { processRuntime } from '@gantry/runtime-process';
import { checkOptions } from './check-options.ts';
import { EMBEDDED_OPTIONS, type EmbeddedOptions, embeddedParts } from './embedded.ts';
import { NODE_OPTIONS, type NodeSetOptions, nodeParts } from './node.ts';

export interface ProcessOptions {
  readonly runtime?: Parameters<typeof processRuntime>[0];
  /** Address on which published ports listen (default: 127.0.0.1). */
  readonly address?: string;
  /** File for the frontends of the load balancer, so that the next process serves their ports from its start. */
  readonly frontendsFile?: string;
}

const OWN = Object.freeze({
  runtime: true as const,
  address: true as const,
  frontendsFile: true as const,
});

/** A cluster that runs commands as processes of this machine, behind the built-in proxy. @throws `INVALID_OPTIONS` for an unknown option */
export function processCluster(options: EmbeddedOptions & ProcessOptions = {}): readonly Plugin[] {
  checkOptions('processCluster', options, { ...EMBEDDED_OPTIONS, ...OWN });
  return [...embeddedParts(options), ...processes(options)];
}

/** The agent of a machine that runs commands as processes, behind the built-in proxy. @throws `INVALID_OPTIONS` for an unknown option */
export function processNode(options: NodeSetOptions & ProcessOptions): readonly Plugin[] {
  checkOptions('processNode', options, { ...NODE_OPTIONS, ...OWN });
  return [...nodeParts(options), ...processes(options)];
}

function processes({ runtime = {}, address = '127.0.0.1', frontendsFile: keepIn }: ProcessOptions): Plugin[] {
  return [processRuntime(runtime), hostNetwork(), proxyLoadBalancer(), ingress({ address, keepIn })];
}
